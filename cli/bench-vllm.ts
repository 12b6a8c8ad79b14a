/** servesim bench --backend vllm: a load against a running vLLM server. */
import { cpuModel } from "../machine/index.js";
import { cpus } from "node:os";
import { workloadOf } from "../jobs/inputs/index.js";
import { ConfigError, defined, type Workload } from "../formats/index.js";
import {
  benchBatches,
  measureNetwork,
  measureWatched,
  rejectOtherEngine,
  vllmBackend,
  vllmResultJson,
  vocabularyFor,
  type BenchBatchesInput,
  type BenchVllmInput,
  type VllmMeasurement,
} from "../real/vllm/index.js";
import { readServerSettings, writeServerView, type ServerSettings } from "../real/vllm/server/index.js";
import { batchPolicyNames, describeLoad, type PolicyPlan } from "../sim/index.js";
import type { BenchRequest } from "./bench-flags.js";
import { runRepeats, type MeasuredRepeat } from "./bench-repeats.js";
import type { Args } from "./command.js";
import { flagName, givenFlags } from "./flags.js";
import { modelFlags } from "./model-flags.js";
import { warn } from "./output.js";
import { policyShape } from "./policy-flags.js";
import { printClient } from "./print-client.js";
import { printServer } from "./print-server.js";
import { keepResult, metadataOf, saveResult, savesResult } from "./result-file.js";
import { runRequest } from "./run-request.js";
import { serverAt } from "./server-flags.js";
import { clientOptions, vllmFlags } from "./vllm-flags.js";

/** Percentiles in the result file where none are asked for. */
const RESULT_PERCENTILES = [50, 90, 95, 99];

export async function benchOnVllm(request: BenchRequest): Promise<void> {
  const { flags, args } = request;
  const { base_url: url, policy = "vllm" } = flags;
  if (url === undefined) {
    throw new ConfigError("--backend vllm needs the server's --base-url, such as http://127.0.0.1:8000");
  }
  if (flags.save_detailed && !savesResult(flags))
    throw new ConfigError("--save-detailed adds each request to vLLM bench's JSON, give --save-result too");
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
      measureRequests({ ...input, ...during }, flags),
    );
  }
}

type BenchFlags = BenchRequest["flags"];

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
  const [ofVllm] = Object.keys({ ...stated, ...givenFlags({ otlp_port: vllmFlags.otlp_port }, args) });
  if (ofVllm !== undefined)
    rejectOtherEngine(server.engine, baseUrl, `--${flagName(ofVllm)} is about vLLM, leave it out`);
  const vocab =
    flags.vocab_size ?? (await vocabularyFor({ baseUrl, endpoint: flags.endpoint, server, workloads: [workload] }));
  return {
    ...clientOptions(flags, baseUrl, model, { temperature, topP, topK }),
    vocab,
    workload: { ...workload, notes: [...(workload.notes ?? []), ...notModelledNotes(server)] },
    settings: { ...server.settings, ...server.ownSettings },
    network: await measureNetwork(baseUrl),
    unmodelled: server.unmodelled.map(({ seen }) => seen),
    // The settings of the policy vllm are another engine's as little as its name.
    ...(plan.work === "step" && server.engine !== "vllm" ? {} : { policySettings: plan.settings }),
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
  const keepMore = (_: string | undefined, at: number): Promise<void> => {
    keepResult(run, flags, { date: new Date(input.date), at });
    return Promise.resolve();
  };
  return { run, printMore, keepMore };
}

/** Sends requests as they arrive, and watches the server meanwhile. */
async function measureRequests(input: BenchVllmInput, flags: BenchFlags): Promise<MeasuredRepeat> {
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
    keepMeasured(measurement, flags, { date: new Date(input.date), at });
  };
  return { run, printMore, keepMore };
}

/** Flags that only a run without batches can follow. */
function rejectWithBatches(policy: string, args: Args): void {
  const { client_workers, otlp_port } = vllmFlags;
  const [given] = Object.keys(givenFlags({ client_workers, otlp_port }, args));
  if (given === undefined) return;
  throw new ConfigError(
    `--${flagName(given)} cannot be given with --policy ${policy}, which sends batches; leave it out`,
  );
}

function notModelledNotes({ unmodelled, leftOut }: ServerSettings): string[] {
  const all = [...unmodelled.map(({ seen }) => seen), ...leftOut];
  return all.length === 0 ? [] : [`the server uses features that servesim does not model: ${all.join(", ")}`];
}

/** The result as vLLM bench has it, of what the client saw of each request. */
function keepMeasured(measurement: VllmMeasurement, flags: BenchFlags, { date, at }: { date: Date; at: number }): void {
  if (!savesResult(flags)) return;
  const {
    endpoint,
    label,
    force,
    save_detailed: detailed,
    metric_percentiles: percentiles = RESULT_PERCENTILES,
  } = flags;
  const result = vllmResultJson(measurement, {
    endpoint,
    label,
    metadata: metadataOf(flags),
    date,
    percentiles,
    detailed,
  });
  saveResult(flags, result, { info: measurement.run.info, date, backend: vllmBackend(endpoint), at, force });
}

function withLength(workload: Workload, outputTokens: number | undefined): Workload {
  if (outputTokens === undefined) return workload;
  if (workload.sessions !== undefined)
    throw new ConfigError(
      `--max-tokens ${outputTokens}: the answers of sessions have the load's lengths, leave it out`,
    );
  return { ...workload, requests: workload.requests.map((request) => ({ ...request, outputTokens })) };
}
