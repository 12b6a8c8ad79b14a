/** A profile of a vLLM engine from its fitted parts and what the recordings say of model, machine and server. */
import {
  ArtifactError,
  type CostDraws,
  type EngineJitter,
  type Profile,
  type VllmEngineCost,
} from "../../formats/index.js";
import type { Intervals } from "./engine-intervals.js";
import type { EngineFit } from "./fit-engine.js";
import { INTERRUPTED } from "./fit-host-state.js";
import type { FrontEndFit } from "./fit-front-end.js";
import { recordedModel } from "./model-shape.js";
import type { RecordedRun } from "./recorded-run.js";

/** Of an engine's loop; not told apart from what stands before or after them by any recording. */
export const ASSUMED = { take_request_ns: 9000, wake_ns: 60_000, empty_step_sleep_ns: 1_000_000 } as const;

/** A server that no memory setting is known of is taken to have used vLLM's default share of its memory. */
const GPU_MEMORY_UTILIZATION = 0.92;

export function engineCostOf(engine: EngineFit, frontEnd: FrontEndFit | undefined): VllmEngineCost {
  const { launch, schedule, update, variations } = engine;
  const launchOf = ({
    baseNs,
    requestNs,
    lead,
  }: (typeof launch)["full"]): VllmEngineCost["host"]["launch_piecewise"] => ({
    base_ns: baseNs,
    request_ns: requestNs,
    lead,
  });
  const given = {
    schedule: variations.schedule,
    update: variations.update,
    launch_full_graph: launch.full.variation,
    launch_piecewise: launch.piecewise.variation,
    launch_no_graph: launch.none.variation,
    gpu: variations.gpu,
    host_states: engine.hostStates,
    ...frontEnd?.jitter,
  };
  const known = Object.fromEntries(Object.entries(given).filter(([, variation]) => variation !== undefined));
  return rounded({
    kind: "vllm_engine",
    gpu: engine.gpu,
    host: {
      schedule: { base_ns: schedule.baseNs, request_ns: schedule.requestNs },
      update: { base_ns: update.baseNs, request_ns: update.requestNs },
      launch_full_graph: launchOf(launch.full),
      launch_piecewise: launchOf(launch.piecewise),
      launch_no_graph: launchOf(launch.none),
      launch_lead: launch.none.lead,
      copy_ns: engine.copyNs,
      send_ns: engine.sendNs,
      ...ASSUMED,
    },
    ...(frontEnd === undefined ? {} : { front_end: frontEnd.frontEnd }),
    jitter: {
      ...(known as unknown as EngineJitter),
      interrupted_share: INTERRUPTED,
      run_spread: engine.runSpread ?? 0,
    },
  });
}

/** Five digits: more would say more than is known. */
function rounded<Value>(value: Value): Value {
  return JSON.parse(
    JSON.stringify(value, (_, field: unknown) => (typeof field === "number" ? Number(field.toPrecision(5)) : field)),
  ) as Value;
}

export interface ProfileFacts {
  readonly name: string;
  readonly cost: VllmEngineCost;
  readonly runs: readonly RecordedRun[];
  readonly notes: readonly string[];
  readonly intervals?: Intervals | undefined;
  readonly draws?: CostDraws | undefined;
}

export function buildProfile({ name, cost, runs, notes, intervals, draws }: ProfileFacts): Profile {
  const first = runs[0]!.run;
  const { settings, version } = first.info.engine;
  const { model, kvBytesPerToken, weightBytes } = recordedModel(first);
  const { gpu, cpu } = first.info.hardware as { gpu?: unknown; cpu?: { model?: unknown; cores?: unknown } };
  const sources = runs.map((run) => run.name).join(", ");
  return {
    version: 1,
    name,
    ...(first.info.date === undefined ? {} : { date: first.info.date }),
    source: `fitted to recorded runs of vLLM ${version ?? "of unknown version"}: ${sources}${startedWith(first)}`,
    machine: {
      ...(typeof gpu === "string" ? { gpu } : {}),
      ...(typeof cpu?.model === "string" && typeof cpu.cores === "number"
        ? { cpu: { model: cpu.model, cores: cpu.cores } }
        : {}),
      libraries: { vllm: version ?? "unknown" },
    },
    model,
    engine: { name: "vllm", version: version ?? "unknown", settings },
    cost,
    memory: memoryOf(settings, runs[0]!.name, { kvBytesPerToken: kvBytesPerToken ?? 1, weightBytes: weightBytes ?? 0 }),
    range: rangeOf(runs),
    ...(intervals === undefined ? {} : { cost_intervals: rounded(intervals as Profile["cost_intervals"] & object) }),
    ...(draws === undefined ? {} : { cost_draws: draws }),
    notes: [...notes],
  };
}

function startedWith({ info }: RecordedRun["run"]): string {
  return typeof info.engine.args === "string" ? `; the server was started with: ${info.engine.args}` : "";
}

function memoryOf(
  settings: Readonly<Record<string, unknown>>,
  name: string,
  { kvBytesPerToken, weightBytes }: { readonly kvBytesPerToken: number; readonly weightBytes: number },
): Profile["memory"] {
  const { num_gpu_blocks: blocks, block_size: blockSize = 16 } = settings;
  if (typeof blocks !== "number" || typeof blockSize !== "number") {
    throw new ArtifactError(
      `${name}/run.json: engine.settings.num_gpu_blocks: got ${JSON.stringify(blocks)}, expected the number of KV blocks; ` +
        "the server's log and /metrics (vllm:cache_config_info) have it",
    );
  }
  const utilization = settings.gpu_memory_utilization;
  const share = typeof utilization === "number" ? utilization : GPU_MEMORY_UTILIZATION;
  const poolBytes = blocks * blockSize * kvBytesPerToken;
  return {
    total_bytes: Math.ceil((poolBytes + weightBytes) / share),
    base_bytes: weightBytes,
    terms: [],
    kv_bytes_per_token: kvBytesPerToken,
    arena_keeps_peak: false,
  };
}

function rangeOf(runs: readonly RecordedRun[]): Profile["range"] {
  const requests = runs.flatMap(({ run }) => run.requests);
  const most = (of: (request: (typeof requests)[number]) => number): number =>
    requests.reduce((largest, request) => Math.max(largest, of(request)), 1);
  const largestStep = runs.reduce(
    (largest, { run, steps }) =>
      (steps ?? []).reduce((most, step) => Math.max(most, step.scheduledRequests), Math.max(largest, concurrency(run.requests))), // prettier-ignore
    1,
  );
  const { max_num_seqs: seats } = runs[0]!.run.info.engine.settings;
  return {
    batch: [1, typeof seats === "number" ? Math.min(seats, largestStep) : largestStep],
    prompt_tokens: [1, most(({ promptTokens }) => promptTokens)],
    context_tokens: [1, most(({ promptTokens, outputTokens }) => promptTokens + outputTokens)],
  };
}

/** Most requests that were with the server at once. */
function concurrency(requests: readonly { arrivalNs: number; lastTokenNs?: number }[]): number {
  const ends = requests.map(({ lastTokenNs, arrivalNs }) => lastTokenNs ?? arrivalNs).sort((a, b) => a - b);
  const starts = requests.map(({ arrivalNs }) => arrivalNs).sort((a, b) => a - b);
  let [ended, most] = [0, 0];
  starts.forEach((atNs, started) => {
    while (ends[ended]! <= atNs) ended++;
    most = Math.max(most, started + 1 - ended);
  });
  return most;
}
