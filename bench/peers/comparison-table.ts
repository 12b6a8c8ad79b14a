/** What both simulators took and what each simulated, as tables: medians of the rounds, and their ratio. */
import { median } from "../../sim/index.js";
import { markdownTable } from "../original-suite/markdown-table.js";
import type { DetailedFigures } from "../sim/run-case.js";
import type { PeerReport } from "./peer-run.js";

export interface Comparison {
  readonly name: string;
  readonly peer: readonly PeerReport[];
  readonly ours: readonly DetailedFigures[];
}

const SPEED = ["case", "peer call s", "peer own clock s", "servesim s", "ratio", "ratio to own clock"];
const MEMORY = ["peer RSS MiB", "servesim RSS MiB"];
const LOAD = ["simulated, means", "completed", "input tokens", "output tokens"];
const TIMES = ["makespan s", "ttft ms", "tpot ms", "e2el ms", "in flight"];

/** Ratios above 1: servesim is that many times faster. */
export function speedTable(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map(({ name, peer, ours }) => {
    const callS = median(peer.map((run) => run.call_s));
    const clockS = median(peer.map((run) => run.clock_s));
    const oursS = median(ours.map((run) => run.seconds));
    const peerMib = median(peer.map((run) => run.peak_rss_mib ?? NaN));
    const oursMib = median(ours.map((run) => run.peakRssMib));
    const seconds = [callS, clockS, oursS].map((value) => value.toFixed(2));
    const ratios = [callS / oursS, clockS / oursS].map((value) => `${value.toFixed(2)}x`);
    return [name, ...seconds, ...ratios, peerMib.toFixed(0), oursMib.toFixed(0)];
  });
  return markdownTable([...SPEED, ...MEMORY], rows);
}

/** The first round of each (all rounds are alike), so that a reader sees that both served the same requests. */
export function simulatedTable(comparisons: readonly Comparison[]): string {
  const rows = comparisons.flatMap(({ name, peer, ours }) => [
    ...peer.slice(0, 1).map((run) => {
      const counts = [run.completed, run.input_tokens, run.output_tokens];
      return simulatedRow(`${name}, peer`, counts, [
        run.makespan_s,
        run.mean_ttft_ms,
        run.mean_tpot_ms,
        run.mean_e2el_ms,
        inFlight(run.completed, run.makespan_s, run.mean_e2el_ms),
      ]);
    }),
    ...ours.slice(0, 1).map((run) => {
      const counts = [run.completed, run.inputTokens, run.outputTokens];
      return simulatedRow(`${name}, servesim`, counts, [
        run.makespanS,
        run.meanTtftMs,
        run.meanTpotMs,
        run.meanE2elMs,
        inFlight(run.completed, run.makespanS, run.meanE2elMs),
      ]);
    }),
  ]);
  return markdownTable([...LOAD, ...TIMES], rows);
}

function simulatedRow(label: string, counts: readonly number[], times: readonly (number | null)[]): string[] {
  return [label, ...counts.map(String), ...times.map((value) => value?.toFixed(1) ?? "-")];
}

/** Mean number of requests in the system by Little's law: rate times time in it. */
function inFlight(completed: number, makespanS: number | null, meanE2elMs: number | null): number | null {
  return makespanS === null || meanE2elMs === null ? null : (completed / makespanS) * (meanE2elMs / 1e3);
}
