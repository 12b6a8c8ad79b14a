/** servesim bench --backend vllm: a load against a running vLLM server. */
import { cpuModel } from "../machine/index.js";
import { cpus } from "node:os";
import { dirname } from "node:path";
import { workloadOf } from "../jobs/inputs/index.js";
import { ConfigError, defined, type Load, type Run, type Workload } from "../formats/index.js";
import { writeJson } from "../formats/files/index.js";
import {
  benchBatches,
  measureNetwork,
  vllmResultJson,
  type BenchVllmInput,
  type VllmMeasurement,
} from "../real/vllm/index.js";
import {
  measureWatched,
  readServerSettings,
  writeServerView,
  type WatchedOptions,
  type ServerSettings,
} from "../real/vllm/server/index.js";
import { batchPolicyNames, describeLoad } from "../sim/index.js";
import type { BenchRequest } from "./bench.js";
import type { Args } from "./command.js";
import { deliverRun, requireRoom } from "./deliver-run.js";
import { flagName, givenFlags } from "./flags.js";
import { requireFree } from "./free-place.js";
import { modelFlags } from "./model-flags.js";
import { note, warn } from "./output.js";
import { policyShape } from "./policy-flags.js";
import { printClient } from "./print-client.js";
import { printServer } from "./print-server.js";
import { realRun } from "./real-run.js";
import { requireAnswers } from "./require-answers.js";
import { runRequest } from "./run-request.js";
import { serverAt } from "./server-flags.js";
import { clientOptions, vllmFlags } from "./vllm-flags.js";

/** Percentiles in the result file where none are asked for. */
const RESULT_PERCENTILES = [50, 90, 95, 99];

export async function benchOnVllm({ flags, places, args }: BenchRequest): Promise<void> {
  const { base_url: url, policy = "vllm" } = flags;
  if (url === undefined) {
    throw new ConfigError("--backend vllm needs the server's --base-url, such as http://127.0.0.1:8000");
  }
  if (flags.save_detailed && flags.save_result === undefined) {
    throw new ConfigError("--save-detailed adds each request to vLLM bench's JSON, give --save-result FILE too");
  }
  const results = places.flatMap((_, at) =>
    flags.save_result === undefined ? [] : [resultFile(flags.save_result, at)],
  );
  requireFree(results, "--save-result", flags.force);
  if (flags.save_result !== undefined) requireRoom({ ...flags, output: dirname(flags.save_result), force: true });
  const { plan, load, prompts, seed } = runRequest(policy, args);
  if (plan.work === "batch") rejectWithBatches(plan.name, args);
  else if (plan.server !== "vllm") {
    throw new ConfigError(
      `--policy ${plan.name}: no server schedules so, simulate it; a vLLM server runs vllm, or batches of ` +
        batchPolicyNames.join(" or "),
    );
  }
  const requests = withLength(await workloadOf(load, prompts, seed), flags.max_tokens);
  const baseUrl = serverAt(url, flags);
  const { model } = givenFlags({ model: modelFlags.model }, args) as { model?: string };
  const { temperature, top_p: topP, top_k: topK } = flags;
  // Settings of the policy vllm on the command line say what the server was started with.
  const stated = plan.work === "step" ? givenFlags(policyShape(), args) : {};
  const server = await readServerSettings(baseUrl, { model, stated });
  const workload = { ...requests, notes: [...(requests.notes ?? []), ...notModelledNotes(server)] };
  const common: Omit<BenchVllmInput, "date"> = {
    ...clientOptions(flags, baseUrl, model, { temperature, topP, topK }),
    workload,
    load: describeLoad(load),
    seed,
    settings: server.settings,
    network: await measureNetwork(baseUrl),
    unmodelled: server.unmodelled.map(({ seen }) => seen),
    policySettings: plan.settings,
    hardware: { ...server.hardware, client: { cpu: { model: cpuModel(), cores: cpus().length } } },
    workers: flags.client_workers,
    keepsText: flags.save_detailed,
    ...defined({ percentiles: flags.metric_percentiles }),
  };
  const runs: Run[] = [];
  for (const [at, output] of places.entries()) {
    const which = places.length === 1 ? "" : ` (${at + 1} of ${places.length})`;
    const date = new Date();
    const input = { ...common, date: date.toISOString() };
    const title = `sending ${plan.work === "batch" ? `batches of ${plan.name}` : "requests"}${which}, requests`;
    const delivery = { ...flags, output };
    if (plan.work === "batch") {
      const run = await realRun(title, delivery, (during) => benchBatches({ ...input, ...during, plan }));
      const printMore = (): void => {
        if (!flags.json) printClient(run);
      };
      await deliverRun(run, delivery, { isKept: true, printMore });
      runs.push(run);
      continue;
    }
    const watch: WatchedOptions = {
      ...(flags.server_view ? { everyMs: flags.metrics_interval_s * 1e3 } : {}),
      ...(flags.otlp_port === undefined ? {} : { otlp: { port: flags.otlp_port, host: flags.otlp_host } }),
    };
    const { measurement, view, remarks } = await realRun(title, delivery, (during) =>
      measureWatched({ ...input, ...during }, watch),
    );
    const printMore = (): void => {
      if (!flags.json) printClient(measurement.run);
      if (!flags.json && view !== undefined) printServer(view);
      for (const remark of remarks) warn(remark);
    };
    // Before anything else is made of it: whatever fails then, the run is there.
    await deliverRun(measurement.run, delivery, { isKept: true, printMore });
    if (view !== undefined && output !== undefined) await writeServerView(output, view);
    if (flags.save_result !== undefined) saveResult(measurement, flags.save_result, { flags, load, date, at });
    runs.push(measurement.run);
  }
  requireAnswers(runs);
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
  return all.length === 0 ? [] : [`the server uses what servesim does not model: ${all.join(", ")}`];
}

interface ResultContext {
  readonly flags: BenchRequest["flags"];
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
