/** servesim bench --backend vllm: a load against a running vLLM server. */
import { cpuModel } from "../machine/index.js";
import { cpus } from "node:os";
import { dirname } from "node:path";
import { workloadOf } from "../jobs/inputs/index.js";
import { ConfigError, defined, type Load, type Workload } from "../formats/index.js";
import { writeJson } from "../formats/files/index.js";
import {
  benchBatches,
  measureNetwork,
  vllmResultJson,
  type BenchBatchesInput,
  type BenchVllmInput,
  type VllmMeasurement,
} from "../real/vllm/index.js";
import { measureWatched, readServerSettings, writeServerView, type ServerSettings } from "../real/vllm/server/index.js";
import { batchPolicyNames, describeLoad, type PolicyPlan } from "../sim/index.js";
import type { BenchRequest } from "./bench-flags.js";
import { runRepeats, type MeasuredRepeat } from "./bench-repeats.js";
import type { Args } from "./command.js";
import { requireRoom } from "./deliver-run.js";
import { flagName, givenFlags } from "./flags.js";
import { requireFree } from "./free-place.js";
import { modelFlags } from "./model-flags.js";
import { note, warn } from "./output.js";
import { policyShape } from "./policy-flags.js";
import { printClient } from "./print-client.js";
import { printServer } from "./print-server.js";
import { runRequest } from "./run-request.js";
import { serverAt } from "./server-flags.js";
import { clientOptions, vllmFlags } from "./vllm-flags.js";

/** Percentiles in the result file where none are asked for. */
const RESULT_PERCENTILES = [50, 90, 95, 99];

export async function benchOnVllm(request: BenchRequest): Promise<void> {
  const { flags, places, args } = request;
  const { base_url: url, policy = "vllm" } = flags;
  if (url === undefined) {
    throw new ConfigError("--backend vllm needs the server's --base-url, such as http://127.0.0.1:8000");
  }
  requireResultFiles(flags, places);
  const { plan, load, prompts, seed } = runRequest(policy, args);
  if (plan.work === "batch") rejectWithBatches(plan.name, args);
  else if (plan.server !== "vllm") {
    throw new ConfigError(
      `--policy ${plan.name}: no server schedules this way, simulate it; a vLLM server runs vllm, or batches of ` +
        batchPolicyNames.join(" or "),
    );
  }
  const workload = withLength(await workloadOf(load, prompts, seed), flags.max_tokens);
  const input = { ...(await benchInput(request, { url, plan, workload })), load: describeLoad(load), seed };
  if (plan.work === "batch") {
    await runRepeats(`sending batches of ${plan.name}`, { ...request, workload }, (during) =>
      measureBatches({ ...input, ...during, plan }, flags),
    );
  } else {
    await runRepeats("sending requests", { ...request, workload }, (during) =>
      measureRequests({ ...input, ...during }, load, flags),
    );
  }
}

type BenchFlags = BenchRequest["flags"];

/** ConfigError where the result files of --save-result cannot be written, or there is none to add details to. */
function requireResultFiles(flags: BenchFlags, places: BenchRequest["places"]): void {
  const { save_result: path } = flags;
  if (path === undefined) {
    if (!flags.save_detailed) return;
    throw new ConfigError("--save-detailed adds each request to vLLM bench's JSON, give --save-result FILE too");
  }
  requireFree(
    places.map((_, at) => resultFile(path, at)),
    "--save-result",
    flags.force,
  );
  requireRoom({ ...flags, output: dirname(path), force: true });
}

interface Target {
  readonly url: string;
  readonly plan: PolicyPlan;
  readonly workload: Workload;
}

/** What all repeats share: the server as it describes itself, its network, and how the client sends. */
async function benchInput({ flags, args }: BenchRequest, { url, plan, workload }: Target) {
  const baseUrl = serverAt(url, flags);
  const { model } = givenFlags({ model: modelFlags.model }, args) as { model?: string };
  const { temperature, top_p: topP, top_k: topK } = flags;
  // Settings of the policy vllm on the command line say what the server was started with.
  const stated = plan.work === "step" ? givenFlags(policyShape(), args) : {};
  const server = await readServerSettings(baseUrl, { model, stated });
  return {
    ...clientOptions(flags, baseUrl, model, { temperature, topP, topK }),
    workload: { ...workload, notes: [...(workload.notes ?? []), ...notModelledNotes(server)] },
    settings: server.settings,
    network: await measureNetwork(baseUrl),
    unmodelled: server.unmodelled.map(({ seen }) => seen),
    policySettings: plan.settings,
    hardware: { ...server.hardware, client: { cpu: { model: cpuModel(), cores: cpus().length } } },
    workers: flags.client_workers,
    keepsText: flags.save_detailed,
    ...defined({ percentiles: flags.metric_percentiles }),
  };
}

async function measureBatches(input: BenchBatchesInput, flags: BenchFlags): Promise<MeasuredRepeat> {
  const run = await benchBatches(input);
  const printMore = (): void => {
    if (!flags.json) printClient(run);
  };
  return { run, printMore };
}

/** Sends requests as they arrive, and watches the server meanwhile. */
async function measureRequests(input: BenchVllmInput, load: Load, flags: BenchFlags): Promise<MeasuredRepeat> {
  const { otlp_port: port, otlp_host: host } = flags;
  const { measurement, view, remarks } = await measureWatched(input, {
    ...(flags.server_view ? { everyMs: flags.metrics_interval_s * 1e3 } : {}),
    ...(port === undefined ? {} : { otlp: { port, host } }),
  });
  const { run } = measurement;
  const printMore = (): void => {
    if (!flags.json) printClient(run);
    if (!flags.json && view !== undefined) printServer(view);
    for (const remark of remarks) warn(remark);
  };
  const keepMore = async (output: string | undefined, at: number): Promise<void> => {
    if (view !== undefined && output !== undefined) await writeServerView(output, view);
    if (flags.save_result === undefined) return;
    saveResult(measurement, flags.save_result, { flags, load, date: new Date(input.date), at });
  };
  return { run, printMore, keepMore };
}

/** Flags that only a run without batches can follow. */
function rejectWithBatches(policy: string, args: Args): void {
  const { client_workers, save_result, otlp_port } = vllmFlags;
  const [given] = Object.keys(givenFlags({ client_workers, save_result, otlp_port }, args));
  if (given === undefined) return;
  throw new ConfigError(
    `--${flagName(given)} cannot be given with --policy ${policy}, which sends batches; leave it out`,
  );
}

function notModelledNotes({ unmodelled, leftOut }: ServerSettings): string[] {
  const all = [...unmodelled.map(({ seen }) => seen), ...leftOut];
  return all.length === 0 ? [] : [`the server uses features that servesim does not model: ${all.join(", ")}`];
}

interface ResultContext {
  readonly flags: BenchFlags;
  readonly load: Load;
  readonly date: Date;
  readonly at: number;
}

function saveResult(measurement: VllmMeasurement, path: string, { flags, load, date, at }: ResultContext): void {
  const file = resultFile(path, at);
  writeJson(
    file,
    vllmResultJson(measurement, {
      load,
      endpoint: flags.endpoint,
      date,
      percentiles: flags.metric_percentiles ?? RESULT_PERCENTILES,
      detailed: flags.save_detailed,
    }),
  );
  note(`result in vLLM bench's keys written to ${file}`);
}

/** Of each repeat: `result.json`, `result-r2.json`. */
function resultFile(path: string, at: number): string {
  return at === 0 ? path : path.replace(/(\.[^./]*)?$/, (extension) => `-r${at + 1}${extension}`);
}

function withLength(workload: Workload, outputTokens: number | undefined): Workload {
  if (outputTokens === undefined) return workload;
  return { ...workload, requests: workload.requests.map((request) => ({ ...request, outputTokens })) };
}
