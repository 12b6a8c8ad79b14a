/**
 * servesim verify: an answer checked by real loads around it, on a vLLM server or with ONNX Runtime on this machine.
 */
import { relative, dirname, join } from "node:path";

import { z } from "zod";
import {
  answerSchema,
  ArtifactError,
  check,
  ConfigError,
  type Answer,
  type Run,
  type Verification,
} from "../formats/index.js";
import { readJson, writeJson, writeRun } from "../formats/files/index.js";
import {
  deploymentOfAnswer,
  loadsAround,
  MAX_LOADS,
  MIN_LOADS,
  verify,
  type LoadToSend,
} from "../jobs/verify/index.js";
import type { Deployment } from "../jobs/answers/index.js";
import type { SimulatedRunInput } from "../sim/index.js";
import { requireFreeFiles } from "./answer-flags.js";
import type { Args, Command } from "./command.js";
import { ThresholdMissed } from "./fail.js";
import { declareFlags, flagName, givenFlags, parseFlags, type Flags, type Shape, fractionOf } from "./flags.js";
import { interruptible } from "./interrupt.js";
import { modelFlags } from "./model-flags.js";
import { note, printJson } from "./output.js";
import { printVerification } from "./print-verification.js";
import { startProgress } from "./progress.js";
import { vllmFlags } from "./vllm-flags.js";

const ownFlags = {
  backend: z
    .enum(["vllm", "onnx"])
    .optional()
    .describe(
      "what serves the loads: a vLLM server (--base-url), or ONNX Runtime on this machine; default: by the profile",
    ),
  loads: z
    .int()
    .min(MIN_LOADS)
    .max(MAX_LOADS)
    .default(MIN_LOADS)
    .describe("how many loads: below, above and at the answer; then the ends of its interval"),
  duration_s: z.number().positive().max(86_400).default(60).describe("about how long each load is sent, s"),
  num_prompts: z.int().positive().optional().describe("requests of each load, in place of --duration"),
  tolerance: z.string().default("10%").describe("largest error of a statistic that counts as agreement"),
  output: z.string().min(1).optional().describe("file for the verification; default: ANSWER.verified.json; -o"),
  force: z.boolean().default(false).describe("overwrite an earlier verification"),
  json: z.boolean().default(false).describe("print the verification as JSON (servesim schema verification)"),
};

const { base_url, header, cacert, insecure, control_timeout_s, endpoint, num_warmups, vocab_size } = vllmFlags;
export const serverOnly = { base_url, header, cacert, insecure, control_timeout_s, endpoint, num_warmups, vocab_size };
const { model, device } = modelFlags;
const modelOnly = {
  model: model.unwrap().optional().describe("onnx: preset or file; default: the profile's; vllm: model of the server"),
  device,
};

export type VerifyFlags = Flags<typeof ownFlags & typeof serverOnly & typeof modelOnly>;

/** Sends loads for real; made once for all of them. */
export interface LoadSender {
  send(
    input: SimulatedRunInput,
    during: { signal: AbortSignal; onProgress: (done: number, total: number) => void },
  ): Promise<Run>;
  readonly notes: readonly string[];
  close(): Promise<void>;
}

export const verifyCommand: Command = {
  flags: (yargs) =>
    declareFlags(declareFlags(declareFlags(yargs, ownFlags), modelOnly, "Model:"), serverOnly, "vLLM server:")
      .positional("answer", { type: "string", describe: "answer of servesim capacity (-o ANSWER.json)" })
      .alias("o", "output"),
  run: async (args) => {
    const flags = parseFlags({ ...ownFlags, ...serverOnly, ...modelOnly }, args);
    const file = String(args.answer);
    const output = flags.output ?? `${file.replace(/\.json$/, "")}.verified.json`;
    requireFreeFiles([output], flags.force);
    const tolerance = fractionOf(flags.tolerance, "--tolerance");
    const answer = check(answerSchema, readJson(file), { source: file, Failure: ArtifactError });
    const deployment = await deploymentOfAnswer(file, answer);
    const { num_prompts: count, duration_s: seconds } = flags;
    const loads = loadsAround(answer, deployment, { loads: flags.loads, seconds, count });
    const sender = await senderOf(deployment, flags, args);
    const folder = output.replace(/\.json$/, "");
    try {
      const found = await verified({ answer, deployment, loads, sender, tolerance, folder, output });
      writeJson(output, found);
      if (flags.json) printJson(found);
      else printVerification(found);
      note(`verification written to ${output}, the real runs to ${folder}`);
      if (found.verdict === "wrong") throw new ThresholdMissed(`${file} is wrong on this server: ${wrongText(found)}`);
    } finally {
      await sender.close();
    }
  },
};

function senderOf(deployment: Deployment, flags: VerifyFlags, args: Args): Promise<LoadSender> {
  const backend = flags.backend ?? (deployment.profile.cost.kind === "vllm_engine" ? "vllm" : "onnx");
  if (backend === "vllm") return import("./verify-vllm.js").then(({ vllmSender }) => vllmSender(deployment, flags));
  rejectFlags(serverOnly, args);
  return import("./verify-onnx.js").then(({ onnxSender }) => onnxSender(deployment, flags));
}

function rejectFlags(others: Shape, args: Args): void {
  const [given] = Object.keys(givenFlags(others, args));
  if (given !== undefined)
    throw new ConfigError(`--${flagName(given)} is about a server, not about --backend onnx; leave it out`);
}

interface Verifying {
  readonly answer: Answer;
  readonly deployment: Deployment;
  readonly loads: readonly LoadToSend[];
  readonly sender: LoadSender;
  readonly tolerance: number;
  readonly folder: string;
  readonly output: string;
}

function verified({ folder, output, sender, loads, ...rest }: Verifying): Promise<Verification> {
  return interruptible(async (signal) => {
    const progress = startProgress("verify");
    const onProgress = (done: number, atMost: number, what: string): void => {
      progress.update(done, atMost, what);
    };
    const measure = async ({ x }: LoadToSend, input: SimulatedRunInput, at: number) => {
      const what = `load ${at + 1} of ${loads.length}`;
      const run = await sender.send(input, {
        signal,
        onProgress: (done, total) => {
          progress.update(done, total, what);
        },
      });
      const place = join(folder, `${rest.deployment.vary}-${x}`);
      await writeRun(place, run, { force: true });
      return { run, folder: relative(dirname(output), place) };
    };
    try {
      return await verify({ ...rest, loads, measure, notes: sender.notes }, { signal, onProgress });
    } finally {
      progress.stop();
    }
  });
}

function wrongText({ loads, unit }: Verification): string {
  return loads
    .filter(({ verdict }) => verdict === "differs")
    .map(
      ({ x, measured, worst }) =>
        `at ${x} ${unit} the goals were ${measured} (${worst.name} ${Number(worst.value.toPrecision(4))})`,
    )
    .join(", ");
}
