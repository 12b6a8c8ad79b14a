/**
 * Where the search of an engine's costs starts, and how reliable each cost's start is: measured by probes in closed form, scaled
 * from that in the proportions of other servers, or guessed.
 */
import { ArtifactError, type VllmEngineCost } from "../../../formats/index.js";
import { quantileOf, tpotMs, ttftMs } from "../../../sim/index.js";
import type { LinearSolver } from "../../fit/numerics/index.js";
import { parameterNames, type ParameterName, type Parameters } from "./black-box-model.js";
import { decodeLadder, prefillLadder, type DecodeLadder, type PrefillLadder } from "./probe-ladders.js";
import { isEager, isProbes, type RecordedRun } from "../recording/index.js";

/**
 * measured: a closed form of probes had data for it. scaled: assumed, in the proportion of other servers to what probes measured.
 * guessed: assumed, in proportion to something that only a load showed.
 */
type Origin = "measured" | "scaled" | "guessed";
type Origins = Readonly<Record<ParameterName, Origin>>;

export interface Start {
  readonly parameters: Parameters;
  readonly origins: Origins;
}

/** Costs whose start is a multiple of what a decode step takes; the others' is one of the time to a first token, or of neither. */
export const ofDecodes: readonly ParameterName[] = ["decode_base", "decode_padded_token", "context_token", "experts", "mixed_base", "prefill_base", "prefill_padded_token", "attention_pair", "launch_full", "launch_request", "schedule", "schedule_request"]; // prettier-ignore

/**
 * Starts that differ in which clock sets the pace of a decode, the GPU's or the host's: the host is an alternative only
 * where probes measured the start; otherwise the GPU is taken. `interval`: tokens a chunk. Decode ladders give the period
 * of a step, lone prefills what tokens cost; the rest is as on other servers. `decodeFactors` are those of the GPU's costs, which
 * no search moves; undefined where decodes lie on their line, or no probe shows it. ArtifactError where too few answers show
 * a time per token.
 */
export function startsOf(
  runs: readonly RecordedRun[],
  solver: LinearSolver,
  interval = 1,
): { readonly starts: readonly Start[]; readonly decodeFactors: VllmEngineCost["gpu"]["decode_factors"] } {
  const probes = runs.filter(isProbes);
  const ladder = decodeLadder(probes, solver, interval);
  const prefill = prefillLadder(probes, solver);
  // Without CUDA graphs decodes, too, are launched kernel by kernel.
  const decodeLaunch = runs.every(isEager) ? "launch_none" : "launch_full";
  const parameters = measuredStart(latenciesOf(runs), ladder, prefill, decodeLaunch);
  const isMeasured = ladder?.tells ?? { base: false, token: false, context: false };
  const scales = { decodes: isMeasured.base, idle: ttftsAlone(probes) };
  /** `token` is the cost that the ladder's growth by tokens is in. */
  const originsWith = (base: ParameterName, token: ParameterName, context?: ParameterName): Origins => {
    const measured = new Set<ParameterName>();
    if ((prefill?.tokenNs ?? 0) > 0) measured.add("prefill_padded_token");
    if ((prefill?.pairNs ?? 0) > 0) measured.add("attention_pair");
    if (isMeasured.base) measured.add(base);
    if (isMeasured.token) measured.add(token);
    if (isMeasured.context && context !== undefined) measured.add(context);
    return originsOf(measured, scales);
  };
  const start = { parameters, origins: originsWith("decode_base", "decode_padded_token", "context_token") };
  const decodeFactors = ladder?.factors;
  if (probes.length === 0 || ladder?.growsFourfold === true) return { starts: [start], decodeFactors };
  const hostBound: Start = {
    parameters: hostBoundOf(parameters, decodeLaunch),
    origins: originsWith(decodeLaunch, "launch_request"),
  };
  return { starts: [start, hostBound], decodeFactors };
}

interface Latencies {
  readonly fastestTpotMs: number;
  readonly idleTtftMs: number;
}

function latenciesOf(runs: readonly RecordedRun[]): Latencies {
  const requests = runs.flatMap(({ run }) => run.requests).filter(({ status }) => status === "ok");
  const tpots = requests.map(tpotMs).filter((value) => value !== null);
  const ttfts = requests.map(ttftMs).filter((value) => value !== null);
  if (tpots.length < 10) {
    throw new ArtifactError(
      "the recordings have fewer than 10 answers of two tokens or more, too few to fit an engine to",
    );
  }
  return { fastestTpotMs: quantileOf(tpots, 0.05), idleTtftMs: quantileOf(ttfts, 0.02) };
}

/** The launch that decodes have. */
type DecodeLaunch = "launch_none" | "launch_full";

/** What ladders measured, over what two latencies say; every cost is positive, since no cost of a search may start at 0. */
function measuredStart(
  latencies: Latencies,
  ladder: DecodeLadder | undefined,
  prefill: PrefillLadder | undefined,
  decodeLaunch: DecodeLaunch,
): Parameters {
  const { fastestTpotMs: fastestMs } = latencies;
  const decode = ladder?.line ?? [0.85 * fastestMs * 1e6, fastestMs * 1e6 * 1e-3, fastestMs * 6];
  const base = Math.max(decode[0], 1e5);
  // Of lone prefills whose growth is all in pairs of tokens, none is left for the tokens.
  const perToken = Math.max(prefill?.tokenNs ?? decode[0] * 3.4e-3, 2e-4 * base);
  const from = startFrom(latencies);
  return {
    ...from,
    [decodeLaunch]: from.launch_full,
    decode_base: base,
    decode_padded_token: Math.max(decode[1], 1e-4 * base),
    context_token: Math.max(decode[2], 1e-7 * base),
    mixed_base: base,
    prefill_padded_token: perToken,
    attention_pair: Math.max(prefill?.pairNs ?? 0, 2.6e-5 * perToken),
  };
}

/** The same step times as launches, and a GPU that is done before the next. */
function hostBoundOf(parameters: Parameters, decodeLaunch: DecodeLaunch): Parameters {
  return {
    ...parameters,
    [decodeLaunch]: parameters.decode_base,
    launch_request: parameters.decode_padded_token,
    decode_base: 0.3 * parameters.decode_base,
    mixed_base: 0.3 * parameters.decode_base,
    decode_padded_token: 0.2 * parameters.decode_padded_token,
    context_token: 0.3 * parameters.context_token,
  };
}

/** A start of which probes measured nothing. */
export function guessed(parameters: Parameters): Start {
  return { parameters, origins: originsOf(new Set(), { decodes: false, idle: false }) };
}

function originsOf(
  measured: ReadonlySet<ParameterName>,
  scales: { readonly decodes: boolean; readonly idle: boolean },
): Origins {
  const originOf = (name: ParameterName): Origin => {
    if (measured.has(name)) return "measured";
    return (ofDecodes.includes(name) ? scales.decodes : scales.idle) ? "scaled" : "guessed";
  };
  return Object.fromEntries(parameterNames.map((name) => [name, originOf(name)])) as Origins;
}

/** Whether lone prefills say what a first token takes on an idle server. */
function ttftsAlone(probes: readonly RecordedRun[]): boolean {
  return probes.some(({ run }) =>
    run.requests.some((request) => request.extra?.probe?.startsWith("prefill-") === true && ttftMs(request) !== null),
  );
}

/** What a reader should know about each cost's start: what probes measured, and what is assumed. */
export function originNotes(origins: Origins, names: readonly ParameterName[]): string[] {
  const listed = (origin: Origin): string =>
    names
      .filter((name) => origins[name] === origin)
      .map((name) => name.replaceAll("_", " "))
      .join(", ");
  const words = {
    measured: "measured by probes in closed form, and kept near that",
    scaled: "start assumed, in the proportions of other servers to what probes measured",
    guessed: "start guessed from the fastest answers, since no probe measured them",
  };
  const found = Object.entries(words).map(([origin, what]) => ({ what, names: listed(origin as Origin) }));
  return found.flatMap(({ what, names: said }) => (said === "" ? [] : [`${what}: ${said}`]));
}

/** A start from two latencies alone, in the proportions of measured servers. */
export function startFrom({ fastestTpotMs, idleTtftMs }: Latencies): Parameters {
  const base = Math.max(1e5, 0.85 * fastestTpotMs * 1e6);
  const idleNs = idleTtftMs * 1e6;
  const front = Math.min(0.3 * idleNs, 4e6);
  const perToken = 3.4e-3 * base;
  return {
    decode_base: base,
    decode_padded_token: 1.2e-3 * base,
    context_token: 7e-6 * base,
    mixed_base: base,
    experts: base,
    prefill_base: 0.15 * base,
    prefill_padded_token: perToken,
    attention_pair: 2.6e-5 * perToken,
    launch_full: 0.5 * base,
    launch_piecewise: Math.max(0.6 * idleNs, 1.2 * base),
    launch_none: Math.max(1.4 * idleNs, 2.4 * base),
    launch_request: 1e-3 * base,
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
