/**
 * Streams of factors by which times differ from their means, drawn in blocks. Each stream belongs to one kind of time and is
 * asked in the order in which these times begin.
 */
import type { EngineJitter, Variation } from "../../../formats/index.js";
import { FILL_DRAWS, Sfc32 } from "../../kernel/index.js";
import type { HostPath } from "./host-path.js";
import { factorsByScore, factorTable } from "./factor-tables.js";
import type { QuantileTable } from "./quantile-table.js";
import { CELLS_PER_SCORE, type ScoreTable } from "./score-table.js";

/** Factors in a block. */
export const BLOCK = FILL_DRAWS;

/** Factors of mean 1. */
export interface FactorStream {
  /** That of a time that begins at `atNs`. */
  next(atNs: number): number;
}

/** Factors drawn without regard to time, a block at a time; of an absent variation: always 1. */
export abstract class FactorBlocks {
  readonly values = new Float64Array(BLOCK);
  /** The next of them; BLOCK: the block is to be refilled first. */
  at = BLOCK;
  private readonly random: Sfc32;
  private readonly quantiles: QuantileTable | undefined;

  /** Draws from the stream `name`. */
  constructor(variation: Variation | undefined, name: string) {
    this.random = Sfc32.named(name);
    if (variation === undefined) this.values.fill(1);
    else this.quantiles = factorTable(variation);
  }

  refill(): void {
    this.at = 0;
    if (this.quantiles === undefined) return;
    this.quantiles.fill(this.values, this.random);
  }
}

/** Factors that do not depend on the time. */
export class OwnFactors extends FactorBlocks implements FactorStream {
  next(): number {
    if (this.at === BLOCK) this.refill();
    return this.values[this.at++]!;
  }
}

/** Factors of their own times the pace of the host. */
export class PacedFactors extends FactorBlocks implements FactorStream {
  /** Draws from the stream `name`. */
  constructor(
    variation: Variation | undefined,
    name: string,
    readonly pace: HostPath,
  ) {
    super(variation, name);
  }

  next(atNs: number): number {
    if (this.at === BLOCK) this.refill();
    return this.pace.at(atNs) * this.values[this.at++]!;
  }
}

/** Factors of their own times a pace of the host that is known. */
export class KnownPaceFactors implements FactorStream {
  constructor(
    private readonly own: OwnFactors,
    private readonly paceAt: (atNs: number) => number,
  ) {}

  next(atNs: number): number {
    return this.paceAt(atNs) * this.own.next();
  }
}

/** Places in a block that do not depend on the host's states hold their factor and this. */
const CODED = 8192;
const CODED_FROM = CODED / 2;

/**
 * Factors that have the given quantiles and are alike when near in time, with each other and with other streams on the same
 * path (a Gaussian copula); but for the interrupted, the longest, which come at any moment.
 */
export class StateFactors implements FactorStream {
  private readonly places = new Float64Array(BLOCK);
  private at = BLOCK;
  private readonly random: Sfc32;
  private readonly quantiles: QuantileTable;
  private readonly table: ScoreTable;
  private readonly ownWeight: number;
  /** Draws before the next interrupted one. */
  private uninterrupted: number;

  /** Draws from the stream `name`; `path` has the scores of the states. */
  constructor(
    variation: Variation,
    states: EngineJitter["host_states"],
    private readonly interruptedShare: number,
    private readonly path: HostPath,
    name: string,
  ) {
    this.random = Sfc32.named(name);
    this.quantiles = factorTable(variation);
    this.table = factorsByScore(variation, 1 - interruptedShare);
    const ownShare = Math.max(0, 1 - states.reduce((sum, { share }) => sum + share, 0));
    this.ownWeight = CELLS_PER_SCORE * Math.sqrt(ownShare);
    this.uninterrupted = this.random.failures(interruptedShare);
  }

  next(atNs: number): number {
    if (this.at === BLOCK) this.refill();
    const place = this.places[this.at++]!;
    if (place > CODED_FROM) return place - CODED;
    return this.table.at(place + this.path.at(atNs));
  }

  private refill(): void {
    const { places, random, interruptedShare: share } = this;
    random.normals(places, this.ownWeight);
    for (; this.uninterrupted < BLOCK; this.uninterrupted += 1 + random.failures(share)) {
      places[this.uninterrupted] = CODED + this.quantiles.at(1 - share * random.uniform());
    }
    this.uninterrupted -= BLOCK;
    this.at = 0;
  }
}

/** How long the front end is held up at outputs, exponentially: tokens until the next time are geometric. */
export class Stalls {
  private readonly random: Sfc32;
  private readonly chance: number;
  private readonly meanNs: number;
  /** Before the next one; one more: it comes. */
  tokensLeft: number;

  /** Draws from the stream `name`. */
  constructor(stall: EngineJitter["output_stall"], name: string) {
    this.random = Sfc32.named(name);
    this.chance = stall?.token_probability ?? 0;
    this.meanNs = stall?.mean_ns ?? 0;
    this.tokensLeft = this.random.failures(this.chance);
  }

  /** At an output of this many tokens, ns. */
  next(tokens: number): number {
    this.tokensLeft -= tokens;
    return this.tokensLeft >= 0 ? 0 : this.held();
  }

  /** It has come: how long it takes. */
  held(): number {
    this.tokensLeft = this.random.failures(this.chance);
    return this.meanNs * this.random.exponential();
  }
}
