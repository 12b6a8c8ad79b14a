/** servesim bench --backend vllm: a load against a running vLLM server. */
import { cpus } from "node:os";
import { ConfigError, defined, type Workload } from "../../../formats/index.js";
import { workloadOf } from "../../../jobs/inputs/index.js";
import { cpuModel } from "../../../machine/index.js";
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
} from "../../../real/vllm/index.js";
import { readServerSettings, writeServerView, type ServerSettings } from "../../../real/vllm/server/index.js";
import { batchPolicyNames, describeLoad, type PolicyPlan } from "../../../sim/index.js";
import {
  clientOptions,
  flagName,
  givenFlags,
  modelFlags,
  policyShape,
  rejectGiven,
  runRequest,
  serverAt,
  vllmFlags,
} from "../../flags/index.js";
import { warn } from "../../printing/index.js";
import { keepResult, metadataOf, saveResult, savesResult } from "../../runs/index.js";
import type { BenchFlags, BenchRequest } from "./flags.js";
import { printClient, printServer } from "./print.js";
import { runRepeats, type MeasuredRepeat } from "./repeats.js";

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
  if (plan.work === "batch") {
    const { client_workers, otlp_port } = vllmFlags;
    rejectGiven(
      { client_workers, otlp_port },
      args,
      (flag) => `${flag} cannot be given with --policy ${plan.name}, which sends batches; leave it out`,
    );
  } else if (plan.server !== "vllm") {
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
  const keepMore = (at: number): void => {
    keepResult(run, flags, { date: new Date(input.date), at });
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
  const keepMore = async (at: number, output: string | undefined): Promise<void> => {
    if (view !== undefined && output !== undefined) await writeServerView(output, view);
    keepMeasured(measurement, flags, { date: new Date(input.date), at });
  };
  return { run, printMore, keepMore };
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
  const described = { endpoint, label, metadata: metadataOf(flags), date, percentiles, detailed };
  const context = { info: measurement.run.info, date, backend: vllmBackend(endpoint), at, force };
  saveResult(flags, vllmResultJson(measurement, described), context);
}

function withLength(workload: Workload, outputTokens: number | undefined): Workload {
  if (outputTokens === undefined) return workload;
  if (workload.sessions !== undefined)
    throw new ConfigError(
      `--max-tokens ${outputTokens}: the answers of sessions have the load's lengths, leave it out`,
    );
  return { ...workload, requests: workload.requests.map((request) => ({ ...request, outputTokens })) };
}
