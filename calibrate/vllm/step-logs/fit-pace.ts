/**
 * What a host's own calls cost and how its pace varies, from the schedule() and update() durations of step logs. Costs are
 * fitted within runs: each run has a pace of its own, so that a slow run's sizes are not taken for slow sizes.
 */
import type { EngineJitter, VllmEngineCost, Variation } from "../../../formats/index.js";
import { factorTable, mean, meanOf, quantileOf } from "../../../sim/index.js";
import { nnls, type LinearSolver, variationOf, weightedQuantiles } from "../../fit/numerics/index.js";
import type { EngineLog } from "./engine-model.js";
import { fitPaceStates } from "./fit-pace-states.js";
import {
  callNs,
  meanPace,
  paceAt,
  pacePath,
  type CallCosts,
  type PacePath,
  type HostCall,
} from "../recording/index.js";

interface PaceFit {
  /** Mean times of the calls at pace 1, the mean pace of the traffic. */
  readonly means: CallCosts;
  /** Of each recording. */
  readonly paths: readonly PacePath[];
  /** Undefined where calls near in time have nothing in common. */
  readonly pace: EngineJitter["pace"];
  readonly residuals: { readonly schedule?: Variation | undefined; readonly update?: Variation | undefined };
}

/** The first requests of a step cost more each: on the recorded servers up to about here, and a straight line after. */
const FIRST_REQUESTS = 16;
const PASSES = 4;
/** A call this far from its cost was interrupted; the pace itself hardly goes further. */
const MAX_LOG_RATIO = Math.log(1.8);
/** States that explain less than this of the variance of calls are noise. */
const MIN_SHARE = 0.05;

export function fitPace(logs: readonly EngineLog[], solver: LinearSolver): PaceFit {
  const calls = logs.map(({ timeline }) => timeline.calls);
  // Pace 1 and its path are those of traffic in the first recording's mode; the others may be of another host.
  const ofMode = logs.filter(({ isAsync }) => isAsync === logs[0]!.isAsync);
  const isOnlyProbes = ofMode.every(({ isProbes }) => isProbes);
  const isTraffic = logs.map((log) => ofMode.includes(log) && (isOnlyProbes || !log.isProbes));
  let costs = { schedule: callCost(calls, false, solver), update: callCost(calls, true, solver) };
  const readPaths = (): PacePath[] => logs.map(({ timeline }) => pacePath(timeline, costs));
  let paths = readPaths();
  const ratios = (isUpdate: boolean): number[] =>
    logs.flatMap(({ timeline }, at) => {
      if (!isTraffic[at]) return [];
      const own = timeline.calls.filter((call) => call.isUpdate === isUpdate);
      return own.map((call) => call.ns / callNs(costs, call) / paceAt(paths[at]!, call.atNs));
    });
  for (let pass = 0; pass < PASSES; pass++) {
    const scale = meanPaceOf(paths.filter((_, at) => isTraffic[at]));
    costs = {
      schedule: times(costs.schedule, scale * middleOf(ratios(false))),
      update: times(costs.update, scale * middleOf(ratios(true))),
    };
    paths = readPaths();
  }
  const residuals = { schedule: variationOf(ratios(false)), update: variationOf(ratios(true)) };
  const shown = paths.filter((_, at) => isTraffic[at]);
  const states = fitPaceStates(
    calls
      .filter((_, at) => isTraffic[at])
      .map((own) => own.map((call) => ({ atNs: call.atNs, ratio: call.ns / callNs(costs, call) }))),
  );
  const isShared = states.reduce((sum, { share }) => sum + share, 0) >= MIN_SHARE;
  const meanCost = (call: keyof CallCosts): CallCost => {
    const residual = residuals[call];
    return residual === undefined ? costs[call] : times(costs[call], meanOf(residual.quantiles));
  };
  return {
    means: { schedule: meanCost("schedule"), update: meanCost("update") },
    paths,
    pace: isShared ? { quantiles: paceQuantiles(shown), states } : undefined,
    residuals,
  };
}

/** What the calls of a profile usually take, from which a pace is read: its means by the middle of what they vary by. */
export function usualCosts({ host, jitter }: VllmEngineCost): CallCosts {
  const usual = (cost: CallCost, variation: Variation | undefined): CallCost =>
    variation === undefined ? cost : times(cost, factorTable(variation).at(0.5));
  return { schedule: usual(host.schedule, jitter?.schedule), update: usual(host.update, jitter?.update) };
}

function middleOf(ratios: readonly number[]): number {
  return ratios.length === 0 ? 1 : quantileOf(ratios, 0.5);
}

/** Mean over the time of all runs. */
function meanPaceOf(paths: readonly PacePath[]): number {
  let [sum, weights] = [0, 0];
  for (const path of paths) {
    const weight = path.weightsNs.reduce((total, ns) => total + ns, 0);
    if (weight === 0) continue;
    sum += weight * meanPace(path);
    weights += weight;
  }
  return weights > 0 ? sum / weights : 1;
}

/** Of the pace within a run, over the run's mean. */
function paceQuantiles(paths: readonly PacePath[]): [number, number][] {
  const [values, weights]: [number[], number[]] = [[], []];
  for (const path of paths) {
    const level = meanPace(path);
    path.paces.forEach((pace, at) => {
      values.push(pace / level);
      weights.push(path.weightsNs[at]!);
    });
  }
  return weightedQuantiles(values, weights);
}

type CallCost = VllmEngineCost["host"]["schedule"];

/** Least squares of errors relative to the fit before, each run over its own pace, without what was interrupted. */
function callCost(runs: readonly (readonly HostCall[])[], isUpdate: boolean, solver: LinearSolver): CallCost {
  const used = runs.map((calls) => calls.filter((call) => call.isUpdate === isUpdate && call.ns > 0));
  const all = used.flat();
  if (all.length === 0) return { base_ns: 0, request_ns: 0 };
  let cost: CallCost = { base_ns: mean(all.map(({ ns }) => ns)), request_ns: 0 };
  for (let pass = 0; pass < PASSES; pass++) {
    const costs = { schedule: cost, update: cost };
    const rows: number[][] = [];
    const sides: number[] = [];
    for (const calls of used) {
      const logs = calls.map((call) => Math.log(call.ns / callNs(costs, call)));
      const level = [...logs].sort((a, b) => a - b)[logs.length >> 1] ?? 0;
      calls.forEach((call, at) => {
        if (pass > 0 && Math.abs(logs[at]! - level) > MAX_LOG_RATIO) return;
        const { requests, prefillRequests } = call;
        const row = [1, requests, Math.min(requests, FIRST_REQUESTS), isUpdate ? 0 : prefillRequests];
        const scaleNs = pass === 0 ? call.ns : callNs(costs, call);
        rows.push(row.map((value) => value / scaleNs));
        sides.push(call.ns / Math.exp(pass === 0 ? 0 : level) / scaleNs);
      });
    }
    const [base, request, first, prefill] = nnls(rows, sides, solver);
    cost = {
      base_ns: base!,
      request_ns: request!,
      ...(first! > 0 ? { first_requests: { upto: FIRST_REQUESTS, request_ns: first! } } : {}),
      ...(prefill! > 0 ? { prefill_request_ns: prefill! } : {}),
    };
  }
  return cost;
}

function times(cost: CallCost, scale: number): CallCost {
  const { base_ns, request_ns, first_requests: first, prefill_request_ns: prefill } = cost;
  return {
    base_ns: scale * base_ns,
    request_ns: scale * request_ns,
    ...(first === undefined ? {} : { first_requests: { ...first, request_ns: scale * first.request_ns } }),
    ...(prefill === undefined ? {} : { prefill_request_ns: scale * prefill }),
  };
}
