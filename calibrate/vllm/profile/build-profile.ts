/** A profile of a vLLM engine from its fitted parts and what the recordings say of model, machine and server. */
import {
  ArtifactError,
  greatest,
  defined,
  type CostDraws,
  type Profile,
  type VllmEngineCost,
} from "../../../formats/index.js";
import { type Intervals, type EngineFit, typicalLead, type LaunchFit } from "../step-logs/index.js";
import type { FrontEndFit } from "../front-end/index.js";
import { measuredRange } from "./measured-range.js";
import { recordedModel } from "./model-shape.js";
import type { RecordedRun } from "../recording/index.js";

/** Of an engine's loop; no recording separates them from what comes before or after. */
export const ASSUMED = { take_request_ns: 9000, wake_ns: 60_000, empty_step_sleep_ns: 1_000_000 } as const;

const NOT_APART = "assumed: no recording separates it from its neighbours; half or twice changes tpot by less than 1 %";

const ASSUMED_LEAD = "assumed: one graph begins near its end, single kernels at once";
const ASSUMED_OVERLAP = "assumed: as a synchronous run of the recorded 8B server has it";

/** Where those costs come from that step logs do not determine, by place. */
export function loggedSources(
  { launch, overlapIsTold }: EngineFit,
  frontEnd: FrontEndFit | undefined,
): Readonly<Record<string, string>> {
  const kinds = { launch_full_graph: launch.full, launch_piecewise: launch.piecewise, launch_no_graph: launch.none };
  const launches = Object.entries(kinds).flatMap(([name, { lead, overlapPower }]) => [
    ...(Object.values(typicalLead).includes(lead) ? [[`host.${name}.lead`, ASSUMED_LEAD]] : []),
    ...(overlapPower < Infinity && !overlapIsTold ? [[`host.${name}.overlap_power`, ASSUMED_OVERLAP]] : []),
  ]);
  return {
    "host.copy_ns": NOT_APART,
    "host.take_request_ns": NOT_APART,
    "host.wake_ns": NOT_APART,
    "host.empty_step_sleep_ns": "vLLM 0.26: a sleep of 1 ms after a step without tokens",
    ...(frontEnd === undefined ? {} : { "front_end.request_hops": "assumed: only the sum of all hops shows" }),
    ...(Object.fromEntries(launches) as Record<string, string>),
  };
}

/** A server that no memory setting is known of is taken to have used vLLM's default share of its memory. */
const GPU_MEMORY_UTILIZATION = 0.92;

export function engineCostOf(engine: EngineFit, frontEnd: FrontEndFit | undefined): VllmEngineCost {
  const { launch, calls, variations, recency } = engine;
  const launchOf = ({
    baseNs,
    requestNs,
    lead,
    overlapPower,
  }: LaunchFit): VllmEngineCost["host"]["launch_piecewise"] => ({
    base_ns: baseNs,
    request_ns: requestNs,
    lead,
    ...(overlapPower < Infinity ? { overlap_power: overlapPower } : {}),
  });
  const known = defined({
    schedule: variations.schedule,
    update: variations.update,
    launch_full_graph: launch.full.variation,
    launch_piecewise: launch.piecewise.variation,
    launch_no_graph: launch.none.variation,
    gpu: variations.gpu,
    pace: engine.pace,
    ...frontEnd?.jitter,
  });
  return rounded({
    kind: "vllm_engine",
    gpu: engine.gpu,
    host: {
      ...calls,
      launch_full_graph: launchOf(launch.full),
      launch_piecewise: launchOf(launch.piecewise),
      launch_no_graph: launchOf(launch.none),
      launch_lead: launch.none.lead,
      ...(recency === undefined ? {} : { launch_recency: { share: recency.share, memory_ns: recency.memoryNs } }),
      copy_ns: engine.copyNs,
      send_ns: engine.sendNs,
      ...ASSUMED,
    },
    ...(frontEnd === undefined ? {} : { front_end: frontEnd.frontEnd }),
    jitter: {
      ...known,
      host_states: [],
      run_spread: engine.runSpread ?? null,
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
  readonly sources?: Readonly<Record<string, string>> | undefined;
}

export function buildProfile({ name, cost, runs, notes, intervals, draws, sources }: ProfileFacts): Profile {
  const first = runs[0]!.run;
  const { settings, version } = first.info.engine;
  const { model, kvBytesPerToken, weightBytes } = recordedModel(first);
  const { gpu, cpu } = first.info.hardware as { gpu?: unknown; cpu?: { model?: unknown; cores?: unknown } };
  const recordings = runs.map((run) => run.name).join(", ");
  return {
    version: 1,
    name,
    ...defined({ date: first.info.date }),
    source: `fitted to recorded runs of vLLM ${version ?? "of unknown version"}: ${recordings}${startedWith(first)}`,
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
    range: measuredRange(runs),
    ...(intervals === undefined ? {} : { cost_intervals: rounded(intervals as Profile["cost_intervals"] & object) }),
    ...(sources === undefined ? {} : { cost_sources: { ...sources } }),
    ...defined({ cost_draws: draws }),
    notes: [...notes],
    ...serverNotesOf(runs),
  };
}

/** A round trip below this does not matter, ms. */
const NEAR_MS = 0.2;

/** What the recordings say of their server, each once; the way to it, where it was long enough to matter. */
function serverNotesOf(runs: readonly RecordedRun[]): { server_notes?: string[] } {
  const told = runs.flatMap(({ run: { info } }) =>
    Array.isArray(info.server_notes) ? info.server_notes.map(String) : [],
  );
  const ways = runs.flatMap(({ run: { info } }) => {
    const { network } = info as { network?: { round_trip_ms?: number; is_taken_off?: boolean } };
    const ms = network?.is_taken_off === true ? (network.round_trip_ms ?? 0) : 0;
    return ms < NEAR_MS ? [] : [ms];
  });
  const way =
    ways.length === 0
      ? []
      : [
          `the client of the calibration was a round trip of ${greatest(ways).toFixed(1)} ms away from the server, which was ` +
            "subtracted: times are those of a client beside the server",
        ];
  const notes = [...new Set([...told, ...way])];
  return notes.length === 0 ? {} : { server_notes: notes };
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
