/** Which kind of load a recorded run was: closed loop, or open below, near or over what the server can do. */
import type { Profile, Run } from "../../../formats/index.js";
import { replayInput, simulateRun, type SimulatedRunInput } from "../../../sim/index.js";

export const coverageKinds = ["below capacity", "near capacity", "over capacity", "closed loop"] as const;
export type CoverageKind = (typeof coverageKinds)[number];

export interface KindOfLoad {
  readonly kind: CoverageKind;
  /** Offered requests/s over what the simulated server does when they all wait; null for a closed loop. */
  readonly utilisation: number | null;
}

/** Requests from which a server's full pace shows. */
const ENOUGH = 2000;

export function kindOfLoad(profile: Profile, recording: Run): KindOfLoad {
  const input = replayInput(profile, recording, { seed: "capacity", jitter: true });
  if (input.workload.maxConcurrency !== Infinity) return { kind: "closed loop", utilisation: null };
  const utilisation = offeredPerS(input) / capacityPerS(input);
  if (utilisation < 0.9) return { kind: "below capacity", utilisation };
  return { kind: utilisation <= 1 ? "near capacity" : "over capacity", utilisation };
}

function offeredPerS({ workload: { requests } }: SimulatedRunInput): number {
  const arrivals = requests.map(({ arrivalNs }) => arrivalNs ?? 0);
  const [first, last] = arrivals.reduce(
    ([least, most], at) => [Math.min(least, at), Math.max(most, at)],
    [Infinity, -Infinity],
  );
  return last > first ? ((requests.length - 1) * 1e9) / (last - first) : Infinity;
}

/** Answers per second while everybody waits: the requests over and over, all at once, without the first and last tenth. */
function capacityPerS(input: SimulatedRunInput): number {
  const { requests } = input.workload;
  const copies = Math.ceil(ENOUGH / requests.length);
  const waiting = Array.from({ length: copies }, (_, copy) =>
    requests.map(({ id, promptTokens, outputTokens }) => ({
      id: `${copy}/${id}`,
      promptTokens,
      outputTokens,
      arrivalNs: 0,
    })),
  ).flat();
  const run = simulateRun({ ...input, workload: { ...input.workload, requests: waiting } });
  const ends = Float64Array.from(
    run.requests.flatMap(({ lastTokenNs }) => (lastTokenNs === undefined ? [] : [lastTokenNs])),
  ).sort();
  const [from, to] = [Math.floor(0.1 * ends.length), Math.floor(0.9 * ends.length)];
  return ((to - from) * 1e9) / (ends[to]! - ends[from]!);
}
