/** How much a load may grow, as it is, until a number of replicas misses its goals: its requests or sessions per second. */
import { mean, meanRatePerS, predictionInterval } from "../../../sim/index.js";
import { without } from "../load/index.js";
import { inputAt, isOfSessions, type Deployment, type DetailedProbe, type Replication } from "../run/index.js";
import type { Crew } from "../search/index.js";

export interface HeadRoom {
  /** Of the load as it is, requests/s or sessions/s. */
  readonly ratePerS: number;
  /** The highest rate within the goals, over `ratePerS`, less 1; and the interval of 9 of 10 days. */
  readonly headRoom: number;
  readonly low: number;
  readonly high: number;
}

interface HeadRoomInput {
  readonly draws: readonly Replication[];
  readonly value: number;
  readonly probe: DetailedProbe;
}

/** Replications that it is looked for in: its interval is of fewer days than the answer's. */
const REPLICATIONS = 4;
const SEARCH = { step: 1.15, tolerance: 0.03 };
/** Steps grow from one to the next, so that far is near. */
const MOST_GROWTH = 1e6;

export async function headRoomOf(
  crew: Crew,
  deployment: Deployment,
  { draws, value, probe }: HeadRoomInput,
): Promise<HeadRoom> {
  const vary = isOfSessions(deployment) ? "session_rate" : "request_rate";
  const load = without(deployment.load, ["request_rate", "trace_rate", "time_scale", "session_rate"]);
  const ratePerS =
    deployment.load[vary] ?? meanRatePerS(inputAt(deployment, { ...draws[0]!, x: value }).workload.requests)!;
  const scale = deployment.source.kind === "trace" ? (deployment.source.scale ?? 1) : 1;
  const changes = { vary, replicas: value, load } as const;
  const start = (ratePerS / scale) * Math.min(2, Math.max(1, Math.sqrt(1 / probe.worst.ratio)));
  const options = { ...SEARCH, start, least: (0.5 * ratePerS) / scale, most: (MOST_GROWTH * ratePerS) / scale };
  const tasks = draws.slice(0, REPLICATIONS).map((point) => ({ point, options, changes }));
  const edges = await crew.run("edge", tasks, "looking for the head-room");
  const growth = edges.map(({ edge }) => Math.max(edge, options.least) / (ratePerS / scale));
  const [low, high] = predictionInterval(growth) ?? [growth[0]!, growth[0]!];
  return { ratePerS, headRoom: mean(growth) - 1, low: low - 1, high: high - 1 };
}
