/**
 * servesim doctor: what this machine can run, or with --base-url what a vLLM server can; what is missing and how to get
 * it.
 */
import { accessSync, constants, existsSync } from "node:fs";
import { availableParallelism, cpus, freemem, totalmem } from "node:os";
import { dirname } from "node:path";
import { z } from "zod";
import { ConfigError, messageOf } from "../../../formats/index.js";
import { checkSteps, defaultCacheDir, listProviders } from "../../../onnx/index.js";
import { VERSION_PATTERN } from "../../../sim/index.js";
import type { Command } from "../../command.js";
import { declareFlags, parseFlags, rejectServerFlags, serverAt, serverFlags, text, toggle } from "../../flags/index.js";
import { figure, printJson, printTable } from "../../printing/index.js";
import { checkGpu } from "./machine.js";
import { diagnoseServer, type ServerDiagnosis } from "./server.js";

const ownFlags = {
  base_url: text.describe("check a running vLLM server instead, such as http://127.0.0.1:8000"),
  model: text.describe("with --base-url: model on the server; default: the first that it serves"),
  profile: z.string().min(1).optional().describe("check the settings of a profile's vLLM server against its version"),
  vllm_version: z
    .string()
    .regex(VERSION_PATTERN, "expected a version of vLLM, such as 0.32 or 0.28.1")
    .optional()
    .describe("version to check flags and settings against; default: the server's or the profile's"),
  serve_args: z
    .string()
    .min(1)
    .optional()
    .describe('flags of vllm serve to check against that version: --serve-args="--max-num-seqs 256 --watermark 0.01"'),
  ...serverFlags,
  json: toggle.describe("print the findings as JSON"),
};

type Finding = ServerDiagnosis["findings"][number];

export const command: Command = {
  flags: (yargs) => declareFlags(yargs, ownFlags),
  run: async (args) => {
    const flags = parseFlags(ownFlags, args);
    const { json, base_url: baseUrl, model, vllm_version: version, serve_args: serveArgs } = flags;
    if (baseUrl !== undefined) {
      if (flags.profile !== undefined)
        throw new ConfigError("--profile and --base-url are two servers, give one of them");
      const { findings, failure } = await diagnoseServer(serverAt(baseUrl, flags), { model, version, serveArgs });
      printFindings(findings, json);
      if (failure !== undefined) throw failure;
      return;
    }
    rejectServerFlags(args);
    if (model !== undefined) throw new ConfigError("--model names a model of a server, give its --base-url too");
    if ([flags.profile, version, serveArgs].some((given) => given !== undefined)) {
      const { checkedVersion } = await import("./server.js");
      printFindings(checkedVersion({ profile: flags.profile, version, serveArgs }), json);
      return;
    }
    const runtime = await onnxRuntime();
    const gpu = await checkGpu(hasProvider(runtime));
    const findings = [nodeVersion(), machine(), ...runtime, await steps(), ...gpu, modelCache()];
    printFindings(findings, json);
  },
};

function printFindings(findings: readonly Finding[], json: boolean): void {
  if (json) printJson({ findings });
  else
    printTable(
      ["what", "state", "detail"],
      findings.map(({ what, state, detail }) => [what, state, wrap(detail)]),
    );
}

const CUDA_PROVIDER = "CUDA provider";

function hasProvider(findings: readonly Finding[]): boolean {
  return findings.some(({ what, state }) => what === CUDA_PROVIDER && state === "ok");
}

function nodeVersion(): Finding {
  const { node } = process.versions;
  const isSupported = Number(node.split(".")[0]) >= 20;
  return {
    what: "Node",
    state: isSupported ? "ok" : "missing",
    detail: isSupported ? node : `${node}, install 20 or later`,
  };
}

function machine(): Finding {
  const gib = (bytes: number): string => `${figure(bytes / 2 ** 30, 3)} GiB`;
  const detail = `${cpus()[0]?.model.trim() ?? "unknown CPU"}, ${availableParallelism()} cores, ${gib(totalmem())} memory, ${gib(freemem())} free`;
  return { what: "machine", state: "info", detail };
}

async function onnxRuntime(): Promise<Finding[]> {
  try {
    const { ortVersion, backends, bindingFolder, missingCudaFiles } = await listProviders();
    const hasCuda = backends.some(({ name }) => name === "cuda") && missingCudaFiles.length === 0;
    return [
      {
        what: "ONNX Runtime",
        state: "ok",
        detail: `${ortVersion}, providers ${backends.map(({ name }) => name).join(", ")}`,
      },
      {
        what: CUDA_PROVIDER,
        state: hasCuda ? "ok" : "missing",
        detail: hasCuda
          ? bindingFolder
          : `${missingCudaFiles.join(", ")} not in ${bindingFolder}; "servesim setup cuda" installs them for --device cuda. ` +
            "--device cpu works without them",
      },
    ];
  } catch (error) {
    return [{ what: "ONNX Runtime", state: "missing", detail: messageOf(error) }];
  }
}

/** Tried, not looked up: the library may be there and still lack what is needed. */
async function steps(): Promise<Finding> {
  const what = "continuous batching";
  try {
    return { what, state: "ok", detail: await checkSteps() };
  } catch (error) {
    const why = messageOf(error);
    return { what, state: "missing", detail: `${why}; policies of batches run without it` };
  }
}

function modelCache(): Finding {
  const folder = defaultCacheDir();
  let place = folder;
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place);
  try {
    accessSync(place, constants.W_OK);
    return { what: "model cache", state: "ok", detail: folder };
  } catch {
    return {
      what: "model cache",
      state: "missing",
      detail: `${folder} is not writable; set SERVESIM_CACHE to a folder that is`,
    };
  }
}

function wrap(text: string): string {
  return text.replace(/(.{1,90})(?:\s|$)/g, "$1\n").trim();
}
