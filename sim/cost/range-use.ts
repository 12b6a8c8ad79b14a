/**
 * Where a simulation left the range its profile was measured on: in which quantity, how far, and for how much of the
 * time. A step or batch counts with the time that it takes on the GPU (of a batch: with all its time), so a jump over a
 * run of decodes counts exactly as its steps one by one.
 */
import { greatest, least, rangeQuantities, type Extrapolation, type Profile } from "../../formats/index.js";
import type { DecodeLaw } from "./decode-law.js";

/** In the order of their bits; `range` of a profile says how far each was measured. */
const quantities = rangeQuantities;
type RangeQuantity = (typeof quantities)[number];
export type MeasuredRange = Readonly<Partial<Record<RangeQuantity, readonly [number, number] | undefined>>>;

const BATCH = 0;
const STEP_TOKENS = 1;
const PREFILL_TOKENS = 2;
const ATTENTION_PAIRS = 3;
const PROMPT_TOKENS = 4;
const CONTEXT_TOKENS = 5;

/** Two sides a quantity: below at 2q, above at 2q + 1. */
const SIDES = 2 * quantities.length;

export class RangeUse {
  readonly low = new Float64Array(quantities.length).fill(-Infinity);
  readonly high = new Float64Array(quantities.length).fill(Infinity);
  /** The farthest that was asked on each side. */
  readonly asked = new Float64Array(SIDES).fill(NaN);
  readonly beyondNs = new Float64Array(SIDES);
  anyNs = 0;
  totalNs = 0;
  /** Sides that the step at hand lies beyond. */
  private sides = 0;

  constructor(range: MeasuredRange) {
    quantities.forEach((name, at) => {
      const measured = range[name];
      if (measured === undefined) return;
      this.low[at] = measured[0];
      this.high[at] = measured[1];
    });
  }

  /** A whole batch of `rows` of this many padded prompt tokens, and cached tokens of a row at its end. */
  batch(rows: number, promptTokens: number, contextTokens: number, ns: number): void {
    this.see(BATCH, rows);
    this.see(PROMPT_TOKENS, promptTokens);
    this.see(CONTEXT_TOKENS, contextTokens);
    this.took(ns);
  }

  /**
   * A step that took `ns`. Context and prompt are means over its requests; chunks are short by design, so only long
   * ones count.
   */
  step(shape: StepCounts, ns: number): void {
    const { decodeRequests, prefillRequests, prefillTokens } = shape;
    this.see(BATCH, shape.scheduledRequests);
    this.see(STEP_TOKENS, shape.scheduledTokens);
    if (decodeRequests > 0) this.see(CONTEXT_TOKENS, shape.decodeContextTokens / decodeRequests);
    if (prefillTokens > 0) {
      this.see(PREFILL_TOKENS, prefillTokens);
      this.seeAbove(ATTENTION_PAIRS, shape.prefillAttentionPairs);
      this.seeAbove(PROMPT_TOKENS, (shape.prefillContextTokens + prefillTokens) / prefillRequests);
    }
    this.took(ns);
  }

  /** `rounds` steps of decodes of the same requests, the first with this many cached tokens. */
  decodes(requests: number, contextTokens: number, rounds: number, { firstNs, incrementNs }: DecodeLaw): void {
    const meanAt = (round: number): number => (contextTokens + round * requests) / requests;
    let from = 0;
    while (from < rounds) {
      const to = Math.min(rounds, this.roundOfNextSide(meanAt, from));
      const count = to - from;
      this.see(BATCH, requests);
      this.see(STEP_TOKENS, requests);
      this.see(CONTEXT_TOKENS, meanAt(from));
      this.see(CONTEXT_TOKENS, meanAt(to - 1));
      this.took(count * firstNs + (incrementNs * count * (from + to - 1)) / 2);
      from = to;
    }
  }

  /** How many such steps from the first on, at most `most`, lie on one side of the measured range. */
  decodesOnOneSide(requests: number, contextTokens: number, most: number): number {
    const firstMean = contextTokens / requests;
    const lastMean = (contextTokens + (most - 1) * requests) / requests;
    if (firstMean >= this.low[CONTEXT_TOKENS]! && lastMean <= this.high[CONTEXT_TOKENS]!) return most;
    return Math.min(
      most,
      this.roundOfNextSide((round) => (contextTokens + round * requests) / requests, 0),
    );
  }

  /** Such steps on one side of the measured range, which took `ns` in all. */
  drawnDecodes(requests: number, contextTokens: number, rounds: number, ns: number): void {
    this.see(BATCH, requests);
    this.see(STEP_TOKENS, requests);
    this.see(CONTEXT_TOKENS, contextTokens / requests);
    this.see(CONTEXT_TOKENS, (contextTokens + (rounds - 1) * requests) / requests);
    this.took(ns);
  }

  /** The first round after `from` whose mean context is on another side of the measured range. */
  private roundOfNextSide(meanAt: (round: number) => number, from: number): number {
    const [low, high] = [this.low[CONTEXT_TOKENS]!, this.high[CONTEXT_TOKENS]!];
    const mean = meanAt(from);
    if (mean > high) return Infinity;
    const isBeyond = mean < low ? (value: number) => value >= low : (value: number) => value > high;
    const bound = mean < low ? low : high;
    if (bound === Infinity) return Infinity;
    // The mean grows by one a round, up to rounding.
    let round = Math.max(from + 1, from + Math.floor(bound - mean) - 1);
    while (!isBeyond(meanAt(round))) round++;
    return round;
  }

  private see(quantity: number, value: number): void {
    if (value < this.low[quantity]!) {
      const side = 2 * quantity;
      this.sides |= 1 << side;
      if (!(this.asked[side]! <= value)) this.asked[side] = value;
    } else this.seeAbove(quantity, value);
  }

  private seeAbove(quantity: number, value: number): void {
    if (value <= this.high[quantity]!) return;
    const side = 2 * quantity + 1;
    this.sides |= 1 << side;
    if (!(this.asked[side]! >= value)) this.asked[side] = value;
  }

  private took(ns: number): void {
    this.totalNs += ns;
    if (this.sides === 0) return;
    this.anyNs += ns;
    for (let side = 0; side < SIDES; side++) if ((this.sides & (1 << side)) !== 0) this.beyondNs[side]! += ns;
    this.sides = 0;
  }

  /** All of it, over replicas of the same profile. */
  static extrapolation(uses: readonly RangeTotals[]): Extrapolation {
    const sum = (of: (use: RangeTotals) => number): number => uses.reduce((total, use) => total + of(use), 0);
    const totalNs = sum(({ totalNs: ns }) => ns);
    const shareOf = (ns: number): number => (totalNs === 0 ? 0 : ns / totalNs);
    const of = Array.from({ length: SIDES }, (_, side) => side).flatMap((side) => {
      const asked = uses.map((use) => use.asked[side]!).filter((value) => !Number.isNaN(value));
      if (asked.length === 0) return [];
      const isAbove = side % 2 === 1;
      const at = side >> 1;
      return [
        {
          quantity: quantities[at]!,
          side: isAbove ? ("above" as const) : ("below" as const),
          measured_to: isAbove ? uses[0]!.high[at]! : uses[0]!.low[at]!,
          asked: isAbove ? greatest(asked) : least(asked),
          share: shareOf(sum((use) => use.beyondNs[side]!)),
        },
      ];
    });
    return { share: shareOf(sum(({ anyNs }) => anyNs)), of };
  }
}

/** What it has found, without the rest of the object: this crosses threads. */
export type RangeTotals = Readonly<Pick<RangeUse, "low" | "high" | "asked" | "beyondNs" | "anyNs" | "totalNs">>;

/** How far a run went beyond the range of its profile, over the cost models of its replicas. */
export function extrapolationOf(costs: readonly { readonly rangeUse?: RangeTotals }[]): Extrapolation {
  return RangeUse.extrapolation(costs.flatMap(({ rangeUse }) => rangeUse ?? []));
}

/** The quantities of a step that are checked against the range. */
interface StepCounts {
  readonly scheduledRequests: number;
  readonly scheduledTokens: number;
  readonly decodeRequests: number;
  readonly decodeContextTokens: number;
  readonly prefillRequests: number;
  readonly prefillTokens: number;
  readonly prefillContextTokens: number;
  readonly prefillAttentionPairs: number;
}

/**
 * How far the steps of a vLLM engine were measured. A profile that does not state tokens, prefill tokens and pairs of a
 * step had at most the server's token budget, and no more than its longest prompts, as many as its largest batch, make.
 */
export function measuredSteps({ range, engine }: Pick<Profile, "range" | "engine">): MeasuredRange {
  const [, requests] = range.batch;
  const [, prompt] = range.prompt_tokens;
  const stated = engine.settings.max_num_batched_tokens;
  const budget = typeof stated === "number" ? stated : Infinity;
  const tokens = Math.min(budget, requests * prompt);
  return {
    step_tokens: [1, Math.max(tokens, requests)],
    prefill_tokens: [1, tokens],
    attention_pairs: [0, mostPairs(tokens, prompt)],
    ...range,
  };
}

/** Pairs of as many whole prompts as a step of this many tokens holds, or of the last chunk of one that is longer. */
function mostPairs(stepTokens: number, prompt: number): number {
  const chunk = Math.min(stepTokens, prompt);
  const prompts = Math.floor(stepTokens / chunk);
  return prompts * (chunk * (prompt - chunk) + (chunk * (chunk + 1)) / 2);
}
