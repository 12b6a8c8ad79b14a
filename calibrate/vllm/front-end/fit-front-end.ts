/**
 * Fits the front end to what it did with known requests and engine outputs: when requests reached the engine, and when
 * tokens reached their clients. First its mean times, then how they vary, so that quantiles of both delays agree.
 */
import { mean } from "../../../sim/index.js";
import { nelderMead, type LinearSolver } from "../../fit/numerics/index.js";
import { pooled, quantileLoss, recordedDelays, replayedDelays, squaredLog } from "./front-end-delays.js";
import { deliveryLog, type FrontEndLog, type Delivery, type DeliveryLog } from "./delivery-log.js";
import { frontEndDraws } from "./front-end-draws.js";
import { costsAt, frontEndAt, type FittedFrontEnd } from "./front-end-parameters.js";
import { mergedIn, MIN_MERGED, replayDraw, replayMeans, type FrontEndReplay } from "./replay-front-end.js";
import { stepLogConstants, type StepLogConstants } from "../step-log-constants.js";

export interface FrontEndFit extends FittedFrontEnd {
  /** Costs that the recordings allow as well, all at once, by place in a profile's cost. */
  readonly draws: readonly Readonly<Record<string, number>>[];
}

export interface FrontEndFitOptions {
  /** From the end of an update until its output is at the front end, ns. */
  readonly sendNs: number;
  readonly wakeNs: number;
  readonly solver: LinearSolver;
  /** Share of the usual number of trials; default 1. */
  readonly effort?: number | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly constants?: StepLogConstants | undefined;
}

/** Draws of the jobs' own variation, over which delays are pooled. */
const draws = [0, 1];
/** Trials of each search: for the means alone, then with variation, each from where the one before ended. */
const trials = { means: [300, 150], variation: [400, 300, 200] } as const;
const total = [...trials.means, ...trials.variation].reduce((sum, count) => sum + count, 0);

export function fitFrontEnd(recordings: readonly FrontEndLog[], options: FrontEndFitOptions): FrontEndFit {
  const logs = recordings.map(deliveryLog);
  const { effort = 1 } = options;
  const start = [0.3e6, 100, 0.11e6, 0.05e6, 0.5e6, 0.03e6, 0.03e6, 0.15e6, 0.1e6, 0.4e6, 0.04e6].map(Math.log);
  const size = start.map(() => 0.5);
  let done = 0;
  const onTrial = (): void => {
    done++;
    const all = Math.round(effort * total);
    options.onProgress?.(Math.min(done, all), all);
  };
  const lossOf = (x: readonly number[]): number => {
    onTrial();
    const losses = logs.map(
      (log) => log.weight * pairedLoss(log, replayMeans(log, costsAt(x), options.sendNs), options),
    );
    return losses.reduce((sum, loss) => sum + loss, 0);
  };
  const coarse = nelderMead(lossOf, start, { size, evaluations: effort * trials.means[0] });
  const fine = nelderMead(lossOf, coarse.x, { size: start.map(() => 0.2), evaluations: effort * trials.means[1] });
  const found = fitVariation(logs, fine.x, { ...options, onTrial });
  return { ...frontEndAt(found), draws: frontEndDraws(logs, found, options) };
}

function mergedLoss(log: DeliveryLog, replay: FrontEndReplay): number {
  if (log.merged === undefined) return 0;
  return squaredLog(MIN_MERGED + mergedIn(replay, log.traffic), MIN_MERGED + log.merged, 0);
}

/** Mean absolute errors of both ways, stalls capped, and how far their means are off, ms. */
function pairedLoss(
  log: DeliveryLog,
  replay: FrontEndReplay,
  { wakeNs, constants = stepLogConstants }: FrontEndFitOptions,
): number {
  const { capMs } = constants;
  const entries = log.traffic.entries.map(({ request, notBeforeNs, atNs, wokeEngine }) => {
    const readyNs = replay.readyNs[request]!;
    if (wokeEngine) return readyNs + wakeNs - atNs;
    return readyNs > atNs ? readyNs - atNs : Math.min(0, readyNs - notBeforeNs);
  });
  const delays = (deliveries: readonly Delivery[], predictedNs: Float64Array): number[] =>
    deliveries.map(({ output, atNs }) => predictedNs[output]! - atNs);
  const firsts = groupLoss(delays(log.firsts, replay.firstsNs), capMs);
  const others = groupLoss(delays(log.others, replay.deliveredNs), capMs);
  return groupLoss(entries, capMs) + firsts + others + mergedLoss(log, replay);
}

function groupLoss(errorsNs: readonly number[], capMs: number): number {
  if (errorsNs.length === 0) return 0;
  let [absolute, signed] = [0, 0];
  for (const ns of errorsNs) {
    const capped = Math.max(-capMs, Math.min(capMs, ns / 1e6));
    absolute += Math.abs(capped);
    signed += capped;
  }
  return (absolute + 0.5 * Math.abs(signed)) / errorsNs.length;
}

/** How request and output jobs vary, and how often outputs are held up: quantiles and means of both delays must agree. */
function fitVariation(
  logs: readonly DeliveryLog[],
  means: readonly number[],
  { onTrial, effort = 1, ...options }: FrontEndFitOptions & { readonly onTrial: () => void },
): readonly number[] {
  const reals = logs.map((log) => pooled([recordedDelays(log)]));
  const { pairedWeight } = options.constants ?? stepLogConstants;
  const lossOf = (x: readonly number[]): number => {
    onTrial();
    const fitted = frontEndAt(x);
    return logs.reduce((sum, log, index) => {
      const replays = draws.map((draw) => replayDraw(log, fitted, options.sendNs, draw));
      const paired = mean(
        replays.map((replay) => pairedWeight * pairedLoss(log, replay, options) + mergedLoss(log, replay)),
      );
      const delays = pooled(replays.map((replay) => replayedDelays(log, replay, options.wakeNs)));
      return sum + log.weight * (paired + quantileLoss(delays, reals[index]!));
    }, 0);
  };
  const start = [Math.log(0.3), Math.log(0.3), -1.5, Math.log(10e6), ...means];
  let { x } = nelderMead(lossOf, start, {
    size: [0.7, 0.7, 1, 0.5, ...means.map(() => 0.3)],
    evaluations: effort * trials.variation[0],
  });
  trials.variation.slice(1).forEach((evaluations, round) => {
    const size = start.map(() => (round === 0 ? 0.4 : -0.25));
    ({ x } = nelderMead(lossOf, x, { size, evaluations: effort * evaluations }));
  });
  return x;
}
