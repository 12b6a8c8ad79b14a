/**
 * Fits an engine to clients' times alone, through the simulator: the recorded requests are sent again to an engine with
 * trial costs, until latencies of loads and of probes agree. Starts from closed forms of the probes, then moves a few
 * costs at a time, those that the same features tell of.
 */
import { ArtifactError, type RequestRecord, type Run, type VllmEngineCost } from "../../formats/index.js";
import { normalEquations, solveNnls, type LinearSolver } from "../fit/index.js";
import { ASSUMPTIONS, costOf, parameterNames, type ParameterName, type Parameters } from "./black-box-model.js";
import { chunkGapsMs, gapQuantiles, loadFeatures, probeFeatures, type Feature } from "./client-features.js";
import { evolve } from "./evolution.js";
import { nelderMead } from "./nelder-mead.js";
import { isProbes, settingsOf, type RecordedRun } from "./recorded-run.js";
import { quantileOfValues } from "./spread.js";
import { e2elMs, quantile, tpotMs, ttftMs } from "../../sim/index.js";

/** Simulates a recorded run on an engine of such costs. */
export type Replay = (run: Run, cost: VllmEngineCost, seed: string) => Run;

export interface BlackBoxOptions {
  readonly replay: Replay;
  /** Prices of this GPU and model from elsewhere, not to be fitted. */
  readonly gpu?: VllmEngineCost["gpu"] | undefined;
  /** Share of the usual number of trials; default 1. */
  readonly effort?: number | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface BlackBoxFit {
  readonly cost: VllmEngineCost;
  readonly notes: readonly string[];
  /** Root of the mean squared logarithm of simulated over recorded features, by weight: about a typical relative error. */
  readonly error: number;
}

/** Costs that are moved together, and how many trials they get in a round. */
const blocks: readonly (readonly [names: readonly ParameterName[], evaluations: number])[] = [
  [["decode_base", "decode_padded_token", "context_token", "launch_piecewise", "launch_none"], 90],
  [["launch_full", "schedule_request", "prefill_base", "prefill_padded_token", "attention_pair"], 60],
  [["accept", "request", "output", "output_token", "first_wait_token", "delivery"], 80],
  [["launch_sigma", "front_sigma", "stall_probability", "stall"], 40],
];
/** Of the simplex in each round. */
const sizes = [0.15, 0.075];
/** What comes before: all costs at once, coarsely. */
const evolution = { evaluations: 600, population: 20, name: "calibrate/black-box" };
/** Simulated runs of a load, with other draws of the jitter, so that one draw does not decide. */
const LOAD_REPLICATIONS = 3;
/** Of probes beside loads, for which the profile is: between probes the host is quicker. They tell the start, too. */
const PROBES_WEIGHT = 0.3;
/**
 * A pull towards the start, of one factor of e, so that what no feature tells of stays where it was. It is strong for what
 * probes tell in closed form, and for what hides behind it: a decode's launch behind the GPU, attention behind tokens.
 */
const PULL = 0.002;
const WEAK_PULL = 0.0003;
const strongPull: Partial<Record<ParameterName, number>> = {
  launch_full: 0.03,
  decode_base: 0.02,
  decode_padded_token: 0.004,
  context_token: 0.004,
  prefill_padded_token: 0.02,
  attention_pair: 0.02,
  schedule_request: 0.02,
  prefill_base: 0.02,
};

export function fitBlackBox(runs: readonly RecordedRun[], solver: LinearSolver, options: BlackBoxOptions): BlackBoxFit {
  const targets = runs.map((run) => ({
    missOf: targetOf(run, options.replay),
    weight: runs.every(isProbes) || !isProbes(run) ? 1 : PROBES_WEIGHT,
  }));
  const weights = targets.reduce((sum, { weight }) => sum + weight, 0);
  const priced = (cost: VllmEngineCost): VllmEngineCost =>
    options.gpu === undefined ? cost : { ...cost, gpu: options.gpu };
  const lossOf = (cost: VllmEngineCost): number =>
    targets.reduce((sum, { missOf, weight }) => sum + weight * missOf(priced(cost)), 0) / weights;
  const { cost, error } = searchCosts(startOf(runs, solver), lossOf, {
    onProgress: options.onProgress,
    effort: options.effort,
    isStartTold: runs.some(isProbes),
  });
  return { cost: priced(cost), error, notes: [...ASSUMPTIONS, ...untold(runs)] };
}

export interface SearchOptions {
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** Share of the usual number of trials; default 1. */
  readonly effort?: number | undefined;
  /** Whether probes told the start, so that it is worth keeping to. */
  readonly isStartTold?: boolean;
}

/** Moves the costs, all at once and then block by block, to where the loss (a mean squared logarithm) is least; deterministic. */
export function searchCosts(
  start: Parameters,
  lossOf: (cost: VllmEngineCost) => number,
  { onProgress, effort = 1, isStartTold = false }: SearchOptions = {},
): { readonly cost: VllmEngineCost; readonly error: number } {
  const total = Math.round(
    effort * (evolution.evaluations + sizes.length * blocks.reduce((sum, [, evaluations]) => sum + evaluations, 0)),
  );
  let done = 0;
  const at = (x: readonly number[]): Parameters =>
    Object.fromEntries(parameterNames.map((name, index) => [name, Math.exp(x[index]!)])) as unknown as Parameters;
  const origin = parameterNames.map((name) => Math.log(start[name]));
  const pullOf = (name: ParameterName): number => (isStartTold ? (strongPull[name] ?? PULL) : WEAK_PULL);
  const errorOf = (x: readonly number[]): number => {
    onProgress?.(Math.min(++done, total), total);
    const pulls = x.map((value, index) => pullOf(parameterNames[index]!) * (value - origin[index]!) ** 2);
    return lossOf(costOf(at(x))) + pulls.reduce((sum, pull) => sum + pull, 0);
  };
  const evolved = evolve(errorOf, origin, { ...evolution, size: origin.map(() => 0.3), evaluations: effort * evolution.evaluations }); // prettier-ignore
  let x = errorOf(evolved) < errorOf(origin) ? evolved : origin;
  let best = Infinity;
  for (const size of sizes) {
    for (const [names, evaluations] of blocks) {
      const before = x;
      const indices = names.map((name) => parameterNames.indexOf(name));
      const whole = (part: readonly number[]): number[] =>
        before.map((value, index) => (indices.includes(index) ? part[indices.indexOf(index)]! : value));
      const minimum = nelderMead(
        (part) => errorOf(whole(part)),
        indices.map((index) => before[index]!),
        { size: indices.map(() => size), evaluations: effort * evaluations },
      );
      x = whole(minimum.x);
      best = minimum.value;
    }
  }
  return { cost: costOf(at(x)), error: Math.sqrt(best) };
}

/** How far a simulation of this run is from it: weighted mean of squared logarithms. */
function targetOf(recorded: RecordedRun, replay: Replay): (cost: VllmEngineCost) => number {
  const { run } = recorded;
  const featuresOf = isProbes(recorded)
    ? (of: Run): Feature[] => probeFeatures(of.requests, groupsOf(run))
    : (of: Run): Feature[] => loadFeatures(of.requests);
  const answered: Run = { ...run, requests: run.requests.filter(({ status }) => status === "ok") };
  // Requests without times were part of the load, and tell nothing.
  const told = new Set(
    answered.requests.filter((request) => e2elMs(request) !== null).map(({ requestId }) => requestId),
  );
  const gaps = isProbes(recorded) ? new Float64Array() : chunkGapsMs(answered);
  const real = [...featuresOf(answered), ...gapFeatures(gaps)];
  const replications = isProbes(recorded) ? 1 : LOAD_REPLICATIONS;
  return (cost) => {
    const sim = new Map<string, number>();
    const add = (name: string, ms: number): void => {
      sim.set(name, (sim.get(name) ?? 0) + ms / replications);
    };
    for (let k = 0; k < replications; k++) {
      const simulated = replay(answered, cost, `fit/${k}`);
      const ofTold = { ...simulated, requests: simulated.requests.filter(({ requestId }) => told.has(requestId)) };
      for (const { name, ms } of featuresOf(ofTold)) add(name, ms);
      for (const p of gapQuantiles) add(`itl p${100 * p}`, Number(simulated.info.summary?.[`p${100 * p}_itl_ms`]));
    }
    let [loss, weights] = [0, 0];
    for (const { name, ms, weight } of real) {
      loss += weight * Math.log(Math.max(sim.get(name) ?? 0, 0.05) / Math.max(ms, 0.05)) ** 2;
      weights += weight;
    }
    return loss / weights;
  };
}

/** Quantiles of gaps between chunks, where enough chunks were recorded; the longest count less. */
function gapFeatures(gaps: Float64Array): Feature[] {
  if (gaps.length < 200) return [];
  return gapQuantiles.map((p) => ({ name: `itl p${100 * p}`, ms: quantile(gaps, p), weight: p === 0.99 ? 0.5 : 1 }));
}

function groupsOf({ requests }: Run): (id: string) => string {
  const groups = new Map(requests.map(({ requestId, extra }) => [requestId, extra?.probe ?? ""]));
  return (id) => groups.get(id) ?? "";
}

/** Closed forms: decode ladders give the period of a step, lone prefills what a token costs; the rest as elsewhere. */
function startOf(runs: readonly RecordedRun[], solver: LinearSolver): Parameters {
  const probes = runs.filter(isProbes);
  const requests = runs.flatMap(({ run }) => run.requests).filter(({ status }) => status === "ok");
  const tpots = requests.map(tpotMs).filter((value) => value !== null);
  const ttfts = requests.map(ttftMs).filter((value) => value !== null);
  if (tpots.length < 10) {
    throw new ArtifactError(
      "the recordings have fewer than 10 answers of two tokens or more, too few to fit an engine to",
    );
  }
  const fastestMs = quantileOfValues(tpots, 0.05);
  const decode = decodeLadder(probes, solver) ?? [0.85 * fastestMs * 1e6, fastestMs * 1e6 * 1e-3, fastestMs * 6];
  const perToken = prefillLadder(probes, solver) ?? decode[0]! * 3.4e-3;
  const idleMs = quantileOfValues(ttfts, 0.02);
  const least = (ns: number, of: number): number => Math.max(ns, of);
  const from = startFrom({ fastestTpotMs: fastestMs, idleTtftMs: idleMs });
  const base = least(decode[0]!, 1e5);
  return {
    ...from,
    decode_base: base,
    decode_padded_token: least(decode[1]!, 1e-4 * base),
    context_token: least(decode[2]!, 1e-7 * base),
    prefill_padded_token: least(perToken, 2e-4 * base),
    attention_pair: 2.6e-5 * perToken,
  };
}

/** A start from two latencies alone, in the proportions of measured servers. */
export function startFrom(seen: { readonly fastestTpotMs: number; readonly idleTtftMs: number }): Parameters {
  const base = Math.max(1e5, 0.85 * seen.fastestTpotMs * 1e6);
  const idleNs = seen.idleTtftMs * 1e6;
  const front = Math.min(0.3 * idleNs, 4e6);
  const perToken = 3.4e-3 * base;
  return {
    decode_base: base,
    decode_padded_token: 1.2e-3 * base,
    context_token: 7e-6 * base,
    prefill_base: 0.15 * base,
    prefill_padded_token: perToken,
    attention_pair: 2.6e-5 * perToken,
    launch_full: 0.5 * base,
    launch_piecewise: Math.max(0.6 * idleNs, 1.2 * base),
    launch_none: Math.max(1.4 * idleNs, 2.4 * base),
    schedule: 0.025 * base,
    schedule_request: 0.002 * base,
    accept: 0.3 * front,
    request: 0.1 * front,
    request_token: 100,
    output: 0.3 * front,
    output_token: 0.05e6,
    first_wait_token: 0.02e6,
    delivery: 0.2 * front,
    launch_sigma: 0.25,
    front_sigma: 0.3,
    stall_probability: 0.002,
    stall: 5e6,
  };
}

/** Base, per padded token, per cached token of a decode step, ns, from the `decode-b<batch>-c<context>` probes. */
function decodeLadder(probes: readonly RecordedRun[], solver: LinearSolver): number[] | undefined {
  const rows: number[][] = [];
  const times: number[] = [];
  for (const recorded of probes) {
    const { graphs } = settingsOf(recorded);
    const groups = new Map<string, number[]>();
    for (const request of recorded.run.requests) {
      const ms = lateGapMs(request);
      if (ms === undefined || !/^decode-b\d+-c\d+$/.test(request.extra?.probe ?? "")) continue;
      const key = `${request.extra!.probe!}-o${request.outputTokens}`;
      groups.set(key, [...(groups.get(key) ?? []), ms]);
    }
    for (const [key, values] of groups) {
      const [, batch, context, output] = /^decode-b(\d+)-c(\d+)-o(\d+)$/.exec(key)!.map(Number) as [number, number, number, number]; // prettier-ignore
      const ns = quantileOfValues(values, 0.5) * 1e6;
      rows.push([1, graphs.paddedTokens(batch), batch * (context + 0.75 * output)].map((value) => value / ns));
      times.push(ns);
    }
  }
  if (rows.length < 5) return undefined;
  return solveNnls(
    normalEquations(
      rows,
      times.map(() => 1),
    ),
    solver,
  );
}

/**
 * Mean gap between the later half of its tokens: those before may have waited for prefills of others of its group.
 * Undefined where the token times were not recorded one by one.
 */
function lateGapMs({ extra, outputTokens }: RequestRecord): number | undefined {
  const times = (extra?.chunk_ms ?? "")
    .split(";")
    .filter((text) => text !== "")
    .map(Number);
  if (times.length !== outputTokens || outputTokens < 4) return undefined;
  const middle = outputTokens >> 1;
  return (times.at(-1)! - times[middle]!) / (outputTokens - 1 - middle);
}

/** Per token, ns, from lone prefills of one chunk that are long enough to keep the GPU busy. */
function prefillLadder(probes: readonly RecordedRun[], solver: LinearSolver): number | undefined {
  const rows: number[][] = [];
  const lengths = new Set<number>();
  for (const { run } of probes) {
    const budget = Number(run.info.engine.settings.max_num_batched_tokens);
    for (const request of run.requests) {
      const ms = ttftMs(request);
      const tokens = request.promptTokens;
      if (ms === null || tokens < 1000 || tokens > budget || !request.extra?.probe?.startsWith("prefill-")) continue;
      lengths.add(tokens);
      rows.push([1, tokens].map((value) => value / (ms * 1e6)));
    }
  }
  if (lengths.size < 2) return undefined;
  const ones = rows.map(() => 1);
  return solveNnls(normalEquations(rows, ones), solver)[1];
}

/** What these recordings cannot tell. */
function untold(runs: readonly RecordedRun[]): string[] {
  const probes = runs.filter(isProbes).flatMap(({ run }) => run.requests.map(({ extra }) => extra?.probe ?? ""));
  const told: string[] = [];
  if (!probes.some((probe) => probe.startsWith("decode-"))) {
    told.push("no decode probes: what a step costs by requests and by context is not told apart well");
  }
  if (!probes.some((probe) => probe.startsWith("prefill-"))) {
    told.push("no lone prefills: what prompt tokens cost is told by loads alone");
  }
  if (runs.every(isProbes))
    told.push("no load: launches and the front end in traffic are not told, only on an idle server");
  return told;
}
