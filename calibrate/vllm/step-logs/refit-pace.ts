/**
 * Another host of a known model and GPU by one number, its pace: all costs are those of the other host's profile, over which
 * its times are longer or shorter together. Enough where its recordings, simulated at that pace, come out as they were.
 */
import type { Profile, Run, VllmEngineCost } from "../../../formats/index.js";
import { atRunPace, mean, replayRecording, tpotMs, ttftMs } from "../../../sim/index.js";
import { type RecordedRun, isProbes } from "../recording/index.js";
import { runPaceOf } from "./run-paces.js";

export type PaceRefit =
  { readonly cost: VllmEngineCost; readonly note: string } | { readonly cost: null; readonly reason: string };

/** Largest errors of mean times of the recordings at which one number is enough. */
const MAX_ERROR = { tpot: 0.05, ttft: 0.15 } as const;
const SEEDS = ["1", "2", "3", "4", "5", "6"];

export function refitPace(base: Profile, runs: readonly RecordedRun[]): PaceRefit {
  const { cost } = base;
  if (cost.kind !== "vllm_engine") return { cost: null, reason: "it has no host" };
  if (cost.jitter?.pace === undefined)
    return { cost: null, reason: "it knows no pace that all times of its host share" };
  const loads = runs.filter((run) => !isProbes(run));
  if (loads.length === 0) return { cost: null, reason: "no load was recorded, only probes" };
  const told = loads.map((run) => ({ run, pace: runPaceOf(base, run) }));
  const paces: number[] = [];
  for (const { run, pace } of told) {
    if (pace.pace === null) return { cost: null, reason: `${run.name}: ${pace.reason}` };
    paces.push(Math.log(pace.pace));
    const off = errorsOf(atRunPace(base, pace.pace), run.run, pace.paceAt);
    if (off !== undefined) return { cost: null, reason: `${run.name} at its pace of ${pace.pace.toFixed(3)}: ${off}` };
  }
  const pace = Math.exp(mean(paces));
  const note =
    `costs are those of profile "${base.name}"; only one number is this host's own, its pace: ${pace.toFixed(3)}. ` +
    `At it ${loads.map(({ name }) => name).join(", ")} came out within ${100 * MAX_ERROR.tpot} % (tpot) and ${100 * MAX_ERROR.ttft} % (ttft)`;
  return { cost: { ...cost, host: { ...cost.host, pace: Number(pace.toPrecision(5)) } }, note };
}

/** What is off by too much; undefined: nothing. */
function errorsOf(profile: Profile, run: Run, paceAt: (atNs: number) => number): string | undefined {
  const sims = SEEDS.map((seed) => replayRecording(profile, run, { seed, jitter: true, paceAt }));
  for (const [name, of] of [
    ["tpot", tpotMs],
    ["ttft", ttftMs],
  ] as const) {
    // prettier-ignore
    const meanOf = ({ requests }: Run): number =>
      mean(requests.flatMap((request) => (request.status === "ok" ? (of(request) ?? []) : [])));
    const error = mean(sims.map(meanOf)) / meanOf(run) - 1;
    if (Math.abs(error) > MAX_ERROR[name]) {
      return `mean ${name} is off by ${(100 * error).toFixed(1)} %, at most ${100 * MAX_ERROR[name]} % is allowed`;
    }
  }
  return undefined;
}
