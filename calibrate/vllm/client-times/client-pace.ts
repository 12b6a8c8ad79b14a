/**
 * Another host of the same GPU as one number: how many times as long its jobs take as those of the host of a profile. Told
 * by clients' times of the first part of each load, and checked on the rest, which was not looked at: where the rest is met,
 * one number does, and nothing else of the profile needs a new fit.
 */
import { signedPercent, type RequestRecord, type Run, type VllmEngineCost } from "../../../formats/index.js";
import { e2elMs, mean, tpotMs, ttftMs } from "../../../sim/index.js";
import { blackBoxConstants } from "./black-box-constants.js";
import { withPace } from "./black-box-model.js";
import { clientTarget, type Replay } from "./client-target.js";
import { isProbes, type RecordedRun } from "../recording/index.js";

/** Of each load's requests, by arrival; matched so, errors on the rest were least on recorded hosts. */
const FIRST_PART = 0.35;
/** Requests that a first part needs to show anything. */
const MIN_REQUESTS = 20;
/** Farther from the profile's host it is another machine in more than its speed. */
const MAX_PACE_FACTOR = 2.5;
/** Of the rest of a load, off at most: half of what a run kept out of a fit may be off, for the run is the same. */
const MAX_ERROR = { tpot: 0.05, ttft: 0.2 } as const;
const REPLICATIONS = 8;

export interface ClientPace {
  readonly pace: number;
  /** Relative errors of means over the rest of the loads. */
  readonly rest: Readonly<Record<keyof typeof MAX_ERROR, number>>;
  readonly suffices: boolean;
}

/** Undefined where no load has requests enough. */
export function fitClientPace(
  cost: VllmEngineCost,
  runs: readonly RecordedRun[],
  replay: Replay,
): ClientPace | undefined {
  const loads = runs.filter((run) => !isProbes(run)).map(split);
  if (loads.some(({ first }) => first.size < MIN_REQUESTS) || loads.length === 0) return undefined;
  const targets = loads.map(({ recorded, first }) =>
    clientTarget(showing(recorded, first), { replay, share: 1 / loads.length, weighing: blackBoxConstants.search }),
  );
  const lossAt = (log: number): number =>
    targets
      .flatMap((target) => target.missesOf(withPace(cost, Math.exp(log))))
      .reduce((sum, { log: miss, weight }) => sum + weight * miss ** 2, 0);
  const pace = Math.exp(leastOf(lossAt, Math.log(MAX_PACE_FACTOR)));
  const rest = { tpot: 0, ttft: 0 };
  for (const { recorded, first } of loads) {
    const simulated = Array.from({ length: REPLICATIONS }, (_, k) =>
      replay(recorded.run, withPace(cost, pace), `pace/${k}`),
    );
    rest.tpot += errorOf(tpotMs, recorded.run, simulated, first) / loads.length;
    rest.ttft += errorOf(ttftMs, recorded.run, simulated, first) / loads.length;
  }
  const isWithin = Math.abs(rest.tpot) <= MAX_ERROR.tpot && Math.abs(rest.ttft) <= MAX_ERROR.ttft;
  const isInside = Math.abs(Math.log(pace)) < 0.95 * Math.log(MAX_PACE_FACTOR);
  return { pace, rest, suffices: isWithin && isInside };
}

/** Says in words how well one number describes a host. */
export function clientPaceNote(base: string, { pace, rest, suffices }: ClientPace): string {
  const basis =
    `fitted to the first ${100 * FIRST_PART} % of the requests; on the others, mean time per output token is then off by ` +
    `${signedPercent(rest.tpot)}, mean time to first token by ${signedPercent(rest.ttft)}`;
  return suffices
    ? `the host takes ${pace.toFixed(3)} times as long as that of profile "${base}", all else being the same: ${basis}`
    : `one number for the whole host (${pace.toFixed(3)} times that of profile "${base}") is not enough, so its costs were fitted anew: ${basis}`;
}

/** A load, and the ids of its first requests. */
function split(recorded: RecordedRun): { readonly recorded: RecordedRun; readonly first: ReadonlySet<string> } {
  const order = recorded.run.requests
    .filter((request) => request.status === "ok" && e2elMs(request) !== null)
    .sort((a, b) => a.arrivalNs - b.arrivalNs);
  const first = order.slice(0, Math.round(FIRST_PART * order.length));
  return { recorded, first: new Set(first.map(({ requestId }) => requestId)) };
}

/** The same load, in which only some requests have their times. */
function showing(recorded: RecordedRun, shown: ReadonlySet<string>): RecordedRun {
  const requests = recorded.run.requests.map((request): RequestRecord => {
    const { requestId, arrivalNs, promptTokens, outputTokens, status } = request;
    return shown.has(requestId) ? request : { requestId, arrivalNs, promptTokens, outputTokens, status };
  });
  return { ...recorded, run: { ...recorded.run, requests } };
}

/** Of the mean over the requests that are not among the first. */
function errorOf(metric: typeof tpotMs, real: Run, simulated: readonly Run[], first: ReadonlySet<string>): number {
  const meanOf = ({ requests }: Run): number =>
    mean(
      requests
        .filter(({ requestId, status }) => status === "ok" && !first.has(requestId))
        .flatMap((request) => metric(request) ?? []),
    );
  return mean(simulated.map(meanOf)) / meanOf(real) - 1;
}

/** Where a function of one variable is least between -reach and reach: a grid, then a golden section about its best point. */
function leastOf(of: (x: number) => number, reach: number): number {
  const points = 13;
  const step = (2 * reach) / (points - 1);
  const grid = Array.from({ length: points }, (_, k) => -reach + k * step).map((x) => ({ x, value: of(x) }));
  const best = grid.reduce((least, one) => (one.value < least.value ? one : least));
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [best.x - step, best.x + step];
  let [a, b] = [high - ratio * (high - low), low + ratio * (high - low)];
  let [atA, atB] = [of(a), of(b)];
  while (high - low > 0.005) {
    if (atA < atB) {
      [high, b, atB] = [b, a, atA];
      a = high - ratio * (high - low);
      atA = of(a);
    } else {
      [low, a, atA] = [a, b, atB];
      b = low + ratio * (high - low);
      atB = of(b);
    }
  }
  return (low + high) / 2;
}
