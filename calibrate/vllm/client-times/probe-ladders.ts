/** Closed forms of probes: what a decode step takes by its batch and context, what a prefill takes by its length. */
import { greatest, least, type RequestRecord, type VllmEngineCost } from "../../../formats/index.js";
import { quantileOf, ttftMs } from "../../../sim/index.js";
import { grouped, nnls, type LinearSolver } from "../../fit/numerics/index.js";
import { chunkTimesMs, chunksAt, isEager, settingsOf, type RecordedRun } from "../recording/index.js";

/** From where on a step of the ladder is taken to be off its line by more than its measurement, as a logarithm. */
const OFF_LINE = 0.08;
/** Where only long contexts were probed, attention may seem to take all of the time. */
const MIN_FACTOR = 0.1;

/** Least tokens or context of a ladder's longest rung over its shortest, for the growth to be measurable. */
const MIN_REACH = 2;

export interface DecodeLadder {
  /** Base, per padded token, per cached token, ns. */
  readonly line: readonly [baseNs: number, tokenNs: number, contextTokenNs: number];
  /** Which of the three the rungs determine: something grows with it among them. */
  readonly tells: { readonly base: boolean; readonly token: boolean; readonly context: boolean };
  /** The largest batch takes more than four times as long as the smallest: no launch does, so it is the GPU's time. */
  readonly growsFourfold: boolean;
  /**
   * Measured over the line's by padded tokens; undefined where all steps are near their line. Only without CUDA graphs: with
   * them steps of a ladder lie within 3 % of a line, but for slow spells of the host (Llama-3.1-8B on an H100), while without,
   * as on a CPU, kernels for one, two or many rows differ by 10 to 30 %.
   */
  readonly factors: VllmEngineCost["gpu"]["decode_factors"];
}

interface DecodeRung {
  readonly tokens: number;
  /** Of one request, and of all. */
  readonly context: number;
  readonly contextTokens: number;
  readonly ns: number;
}

/** What decode steps take, from the `decode-b<batch>-c<context>` probes. `interval`: tokens a chunk, where the server says so. */
export function decodeLadder(
  probes: readonly RecordedRun[],
  solver: LinearSolver,
  interval = 1,
): DecodeLadder | undefined {
  const rungs = probes.flatMap((recorded) => rungsOf(recorded, interval));
  if (rungs.length < 5) return undefined;
  const reachOf = (values: readonly number[]): number => greatest(values) / least(values);
  // Rungs of one context have tokens in proportion to batch and context alike.
  const tells = {
    token: reachOf(rungs.map(({ tokens }) => tokens)) >= MIN_REACH,
    context: reachOf(rungs.map(({ context }) => context)) >= MIN_REACH,
  };
  const line = nnls(
    rungs.map(({ tokens, contextTokens, ns }) =>
      [1, tells.token ? tokens : 0, tells.context ? contextTokens : 0].map((value) => value / ns),
    ),
    rungs.map(() => 1),
    solver,
  ) as [number, number, number];
  const [baseNs, tokenNs, contextTokenNs] = line;
  const factors = factorsOf(rungs, line);
  const isOff = probes.every(isEager) && factors.some(([, factor]) => Math.abs(Math.log(factor)) > OFF_LINE);
  const mostTokens = greatest(rungs.map(({ tokens }) => tokens));
  return {
    line,
    tells: { base: baseNs > 0, token: tells.token && tokenNs > 0, context: tells.context && contextTokenNs > 0 },
    growsFourfold: tokenNs * mostTokens > 3 * baseNs,
    factors: isOff ? factors : undefined,
  };
}

/** A rung for each batch, context and output length that was probed, by the median of its requests. */
function rungsOf(recorded: RecordedRun, interval: number): DecodeRung[] {
  const { graphs } = settingsOf(recorded);
  const probed = recorded.run.requests.flatMap((request) => {
    const ms = lateGapMs(request, interval);
    const [label, batch, context] = /^decode-b(\d+)-c(\d+)$/.exec(request.extra?.probe ?? "") ?? [];
    if (ms === undefined || label === undefined) return [];
    return [{ ms, rung: `${label}-o${request.outputTokens}`, batch: Number(batch), context: Number(context) + 0.75 * request.outputTokens }]; // prettier-ignore
  });
  return [...grouped(probed, ({ rung }) => rung).values()].map((rung) => {
    const { batch, context } = rung[0]!;
    const ns = quantileOf(rung.map(({ ms }) => ms), 0.5) * 1e6; // prettier-ignore
    return { tokens: graphs.paddedTokens(batch), context, contextTokens: batch * context, ns };
  });
}

/** How far steps of each size are from the line, by the rung of a size that reads least: attention is separated from the rest no better than by the line. */
function factorsOf(
  rungs: readonly DecodeRung[],
  [baseNs, tokenNs, contextTokenNs]: DecodeLadder["line"],
): [tokens: number, factor: number][] {
  const shortest = new Map<number, DecodeRung>();
  for (const rung of rungs) {
    const known = shortest.get(rung.tokens);
    if (known === undefined || rung.contextTokens < known.contextTokens) shortest.set(rung.tokens, rung);
  }
  return [...shortest.values()]
    .sort((a, b) => a.tokens - b.tokens)
    .map(({ tokens, contextTokens, ns }) => {
      const factor = (ns - contextTokenNs * contextTokens) / (baseNs + tokenNs * tokens);
      return [tokens, Number(Math.max(MIN_FACTOR, factor).toPrecision(4))];
    });
}

/**
 * Mean gap between the later half of its tokens: those before may have waited for prefills of others of its group.
 * Undefined where the token times were not recorded one by one.
 */
function lateGapMs({ extra, outputTokens }: RequestRecord, interval: number): number | undefined {
  const times = chunkTimesMs(extra);
  if (interval > 1) {
    // The last chunk may hold fewer tokens.
    const [from, to] = [times.length >> 1, times.length - 2];
    const isRegular = times.length === chunksAt(interval, outputTokens) && to > from;
    return isRegular ? (times[to]! - times[from]!) / ((to - from) * interval) : undefined;
  }
  if (times.length !== outputTokens || outputTokens < 4) return undefined;
  const middle = outputTokens >> 1;
  return (times.at(-1)! - times[middle]!) / (outputTokens - 1 - middle);
}

/** Prompts that take this many times as long as the shortest: shorter ones wait for their launch, which is as long for all. */
const GROWN = 3;
/** Lengths from which the costs of attention and of tokens can be separated. */
const MIN_LENGTHS = 4;

export interface PrefillLadder {
  readonly tokenNs: number;
  /** Undefined where too few lengths separate it from the cost of tokens. */
  readonly pairNs: number | undefined;
}

/** Per token and per pair of tokens, ns, from lone prefills of one chunk, by the median of each length. */
export function prefillLadder(probes: readonly RecordedRun[], solver: LinearSolver): PrefillLadder | undefined {
  const timed = probes.flatMap(({ run }) => {
    const budget = Number(run.info.engine.settings.max_num_batched_tokens);
    return run.requests.flatMap((request) => {
      const [ms, tokens] = [ttftMs(request), request.promptTokens];
      const isLone = request.extra?.probe?.startsWith("prefill-") === true;
      return ms === null || tokens > budget || !isLone ? [] : [{ tokens, ms }];
    });
  });
  const medians = [...grouped(timed, ({ tokens }) => tokens)].map(([tokens, values]) => {
    return { tokens, ns: quantileOf(values.map(({ ms }) => ms), 0.5) * 1e6 }; // prettier-ignore
  });
  const leastNs = least(medians.map(({ ns }) => ns));
  const grown = medians.filter(({ ns }) => ns > GROWN * leastNs);
  if (grown.length < 2) return undefined;
  const isCurved = grown.length >= MIN_LENGTHS;
  const [, tokenNs, pairNs] = nnls(
    grown.map(({ tokens, ns }) => [1, tokens, ...(isCurved ? [tokens ** 2 / 2] : [])].map((value) => value / ns)),
    grown.map(() => 1),
    solver,
  );
  return { tokenNs: tokenNs!, pairNs };
}
