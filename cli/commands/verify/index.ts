/**
 * servesim verify: an answer checked by real loads around it, on a vLLM server or with ONNX Runtime on this machine.
 */
import { dirname, join, relative } from "node:path";
import { z } from "zod";
import { readJson, writeJson, writeRun } from "../../../formats/files/index.js";
import {
  answerSchema,
  ArtifactError,
  check,
  ConfigError,
  type Answer,
  type Run,
  type Verification,
} from "../../../formats/index.js";
import {
  MAX_LOADS,
  MIN_LOADS,
  planVerification,
  sides,
  verify,
  type LoadToSend,
  type VerifyPlan,
} from "../../../jobs/verify/index.js";
import type { SimulatedRunInput } from "../../../sim/index.js";
import { requireAnswerPlaces } from "../../answers/index.js";
import type { Args, Command } from "../../command.js";
import {
  declareFlags,
  flagName,
  fractionOf,
  givenFlags,
  modelFlags,
  parseFlags,
  seconds,
  text,
  toggle,
  vllmFlags,
  type Flags,
  type Shape,
} from "../../flags/index.js";
import { figure, note, printJson } from "../../printing/index.js";
import { interruptible, startProgress, ThresholdMissed } from "../../process/index.js";
import { printVerification } from "./print.js";

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
    .describe(
      "answers of a rate or of clients: how many loads to send; below, at and above the answer, then at the ends of its interval",
    ),
  duration_s: seconds.default(60).describe("about how long each load is sent, s"),
  num_prompts: z.int().positive().optional().describe("requests of each load, in place of --duration"),
  num_sessions: z.int().positive().optional().describe("sessions of each load of sessions, in place of --duration"),
  tolerance: z.string().default("10%").describe("largest error of a statistic that counts as agreement"),
  output: z.string().min(1).optional().describe("file for the verification; default: ANSWER.verified.json"),
  force: toggle.describe("overwrite an earlier verification"),
  json: toggle.describe("print the verification as JSON (servesim schema verification)"),
};

const side = z
  .enum(sides)
  .optional()
  .describe("whatif and tune: which side the server's settings are, if it does not report them");
const after_url = text.describe(
  "whatif and tune: URL of a server with the settings after the change, beside --base-url with those before",
);
const { base_url, header, cacert, insecure, control_timeout_s, endpoint, num_warmups, vocab_size } = vllmFlags;
export const serverOnly = {
  base_url,
  after_url,
  side,
  header,
  cacert,
  insecure,
  control_timeout_s,
  endpoint,
  num_warmups,
  vocab_size,
};
const { model, device } = modelFlags;
const modelOnly = {
  model: model.unwrap().optional().describe("onnx: preset or file; default: the profile's; vllm: model of the server"),
  device,
};

export type VerifyFlags = Flags<typeof ownFlags & typeof serverOnly & typeof modelOnly>;

/** Sends loads for real; made once for all of them. */
export interface LoadSender {
  /** Those that can be sent here, of all that were planned. */
  readonly loads: readonly LoadToSend[];
  /** `at`: the place among `loads`. */
  send(
    at: number,
    input: SimulatedRunInput,
    during: { signal: AbortSignal; onProgress: (done: number, total: number) => void },
  ): Promise<Run>;
  readonly notes: readonly string[];
  close(): Promise<void>;
}

export const command: Command = {
  flags: (yargs) =>
    declareFlags(declareFlags(declareFlags(yargs, ownFlags), modelOnly, "Model:"), serverOnly, "vLLM server:")
      .positional("answer", {
        type: "string",
        describe: "answer of capacity, size, tune, whatif or explain (-o ANSWER.json)",
      })
      .alias("o", "output"),
  run: async (args) => {
    const flags = parseFlags({ ...ownFlags, ...serverOnly, ...modelOnly }, args);
    const file = String(args.answer);
    const output = flags.output ?? `${file.replace(/\.json$/, "")}.verified.json`;
    requireAnswerPlaces({ output, force: flags.force });
    const tolerance = fractionOf(flags.tolerance, "--tolerance");
    const answer = check(answerSchema, readJson(file), { source: file, Failure: ArtifactError });
    const { loads, num_prompts: count, num_sessions: sessions, duration_s: seconds } = flags;
    const plan = await planVerification(file, answer, { loads, seconds, count, sessions });
    const sender = await senderOf(plan, flags, args);
    const folder = output.replace(/\.json$/, "");
    try {
      const found = await verified({
        answer,
        plan: { ...plan, loads: sender.loads },
        sender,
        tolerance,
        folder,
        output,
      });
      writeJson(output, found);
      if (flags.json) printJson(found);
      else printVerification(found);
      note(`verification written to ${output}, the real runs to ${folder}`);
      if (found.verdict === "wrong")
        throw new ThresholdMissed(
          `${file} is wrong on this ${flags.base_url === undefined ? "machine" : "server"}: ${wrongText(found)}`,
        );
    } finally {
      await sender.close();
    }
  },
};

function senderOf({ loads }: VerifyPlan, flags: VerifyFlags, args: Args): Promise<LoadSender> {
  const { kind } = loads[0]!.deployment.profile.cost;
  const backend = flags.backend ?? (kind === "vllm_engine" ? "vllm" : "onnx");
  if (backend === "vllm") return import("./vllm.js").then(({ vllmSender }) => vllmSender(loads, flags));
  rejectFlags(serverOnly, args);
  return import("./onnx.js").then(({ onnxSender }) => onnxSender(loads, flags));
}

function rejectFlags(others: Shape, args: Args): void {
  const [given] = Object.keys(givenFlags(others, args));
  if (given !== undefined)
    throw new ConfigError(`--${flagName(given)} is about a server, not about --backend onnx; leave it out`);
}

interface Verifying {
  readonly answer: Answer;
  readonly plan: VerifyPlan;
  readonly sender: LoadSender;
  readonly tolerance: number;
  readonly folder: string;
  readonly output: string;
}

function verified({ folder, output, sender, ...rest }: Verifying): Promise<Verification> {
  return interruptible(async (signal) => {
    const progress = startProgress("verify");
    const onProgress = (done: number, atMost: number, what: string): void => {
      progress.update(done, atMost, what);
    };
    const measure = async (load: LoadToSend, input: SimulatedRunInput, at: number) => {
      const what = `load ${at + 1} of ${sender.loads.length}`;
      const run = await sender.send(at, input, {
        signal,
        onProgress: (done, total) => {
          progress.update(done, total, what);
        },
      });
      const place = join(folder, load.folder);
      await writeRun(place, run, { force: true });
      return { run, folder: relative(dirname(output), place) };
    };
    try {
      return await verify({ ...rest, measure, notes: sender.notes }, { signal, onProgress });
    } finally {
      progress.stop();
    }
  });
}

/** What came out otherwise: goals of a load, a difference, or the statistic that the answer is about. */
function wrongText({ loads, differences = [] }: Verification): string {
  const ofGoals = loads.flatMap(({ what, measured, worst, verdict }) =>
    verdict === "differs" && worst !== null
      ? [`${what} the goals were ${measured!} (${worst.name} ${figure(worst.value)})`]
      : [],
  );
  if (ofGoals.length > 0) return ofGoals.join(", ");
  const [first] = differences;
  if (first !== undefined) {
    return `${first.statistic} was to change by ${figure(first.predicted)} and changed by ${figure(first.measured)}`;
  }
  const off = loads.flatMap(({ statistics }) => statistics.filter(({ verdict }) => verdict === "differs"));
  return off.map(({ statistic, predicted, measured }) => `${statistic} was to be ${figure(predicted)} and was ${figure(measured)}`).join(", "); // prettier-ignore
}
