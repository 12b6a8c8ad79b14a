/**
 * How slow a host is by time: the sum of hidden states, Ornstein-Uhlenbeck processes on cells of time, or what depends on it.
 * A pure function of seed and cell: it does not depend on the order of queries. Cells are made in blocks: the blocks'
 * first values are a chain of their own, and the inside of a block is a walk bent to meet the next one, so that idle
 * time costs one draw a state and block. A query costs one array read.
 */
import { least, type EngineJitter } from "../../../formats/index.js";
import { BLOCK_CELLS, bulkDraws, BulkTable, seedsOf, Sfc32 } from "../../kernel/index.js";
import { CELLS_PER_SCORE, MIDDLE, type ScoreTable } from "./score-table.js";

/** Cells in the memory of the fastest state; kept, since two clocks ask, one ahead of the other. */
const CELLS_IN_MEMORY = 50;
const WINDOW = 8 * BLOCK_CELLS;
/** A slow state changes every two to this power cells at most: it has some steps in a block. */
const MAX_STEP_BITS = 8;

/** Its share of the variance of the score, and the time in which its correlation falls to 1/e. */
type HostState = EngineJitter["host_states"][number];

export class HostPath {
  /** Read, as `values`, `firstCell` and `cells`, by a loop that looks into the window itself. */
  readonly cellsPerNs: number;
  private readonly states: readonly State[];
  private readonly seeds: readonly [number, number, number];
  private readonly random = new Sfc32(0, 0, 0);
  /**
   * The blocks of the window, as far as they are made, and behind them the one before it that was asked for last. Room for
   * all of them once a run goes beyond the first.
   */
  values = new Float64Array(BLOCK_CELLS);
  firstCell = 0;
  /** The time asked for, where moveTo() has to be called: V8 would put a parameter into an object, and that in every query. */
  private askedNs = 0;
  cells = 0;
  private blockBehind = -1;

  /** Draws from the streams `${name}/...`. The path has the values of the table, or without one places in a score table. */
  constructor(
    states: readonly HostState[],
    name: string,
    private readonly table?: ScoreTable,
  ) {
    const fastest = least(states.map(({ memory_ns }) => memory_ns));
    const cellNs = fastest / CELLS_IN_MEMORY;
    this.cellsPerNs = 1 / cellNs;
    this.seeds = seedsOf(`${name}/inside`);
    this.states = states.map((state, number) => new State(state, cellNs, fastest, `${name}/${number}`));
  }

  /** At a time from 0 on; before 0 it is as at 0. A place counts from the window's first cell, which loses no bit of it. */
  at(atNs: number): number {
    const cell = atNs * this.cellsPerNs - this.firstCell;
    if (cell >= 0 && cell < this.cells) return this.values[cell | 0]!;
    this.askedNs = atNs;
    const place = this.moveTo();
    return this.values[place]!;
  }

  /** Makes the time's block, and what of the window lies before it; the time's place among the values. */
  private moveTo(): number {
    const { askedNs: atNs } = this;
    const cell = Math.floor(Math.max(0, atNs) * this.cellsPerNs);
    const block = Math.floor(cell / BLOCK_CELLS);
    if (cell < this.firstCell) {
      if (block !== this.blockBehind) this.make(block, WINDOW);
      this.blockBehind = block;
      return WINDOW + cell - block * BLOCK_CELLS;
    }
    if (cell >= this.firstCell + 2 * WINDOW) {
      this.firstCell = Math.max(0, block - 1) * BLOCK_CELLS;
      this.cells = 0;
    }
    while (cell >= this.firstCell + WINDOW) this.shift();
    for (; cell >= this.firstCell + this.cells; this.cells += BLOCK_CELLS) {
      this.make((this.firstCell + this.cells) / BLOCK_CELLS, this.cells);
    }
    return cell - this.firstCell;
  }

  /** Forgets the older half of the window. */
  private shift(): void {
    this.values.copyWithin(0, WINDOW / 2, WINDOW);
    this.firstCell += WINDOW / 2;
    this.cells = Math.max(0, this.cells - WINDOW / 2);
  }

  private make(block: number, at: number): void {
    const { random, seeds, table } = this;
    const made = bulkDraws().block;
    made.fill(MIDDLE);
    random.seed(seeds[0] ^ block, seeds[1], seeds[2]);
    for (const state of this.states) state.addTo(block, random);
    table?.lookUpBlock();
    if (at + BLOCK_CELLS > this.values.length) {
      const { values } = this;
      this.values = new Float64Array(WINDOW + BLOCK_CELLS);
      this.values.set(values);
    }
    this.values.set(made, at);
  }
}

/** One hidden state, in cells of a score table. */
class State {
  private readonly chain: Sfc32;
  private readonly starts: number[];
  private readonly weight: number;
  /** It stays the same for two to this power cells; such steps in a block. */
  private readonly bits: number;
  private readonly steps: number;
  /** What of a value is kept from step to step, and from block to block, and what is drawn anew. */
  private readonly kept: number;
  private readonly fresh: number;
  private readonly keptBlock: number;
  private readonly freshBlock: number;
  /** How much of the miss of the walk's end each step takes: the regression of a step on the end, its start known. */
  private readonly bend: BulkTable;

  constructor(
    { share, memory_ns }: EngineJitter["host_states"][number],
    cellNs: number,
    fastest: number,
    name: string,
  ) {
    this.weight = CELLS_PER_SCORE * Math.sqrt(share);
    this.bits = Math.min(MAX_STEP_BITS, Math.floor(Math.log2(memory_ns / fastest)));
    const cells = 1 << this.bits;
    this.steps = BLOCK_CELLS >> this.bits;
    const kept = Math.exp((-cells * cellNs) / memory_ns);
    const keptBlock = kept ** this.steps;
    this.kept = kept;
    this.fresh = Math.sqrt(1 - kept * kept);
    this.keptBlock = keptBlock;
    this.freshBlock = Math.sqrt(1 - keptBlock * keptBlock);
    this.bend = bendOf(this.steps, kept, keptBlock);
    this.chain = Sfc32.named(name);
    this.starts = [this.chain.normal()];
  }

  /** Adds its part to the bulk draws' block. */
  addTo(block: number, random: Sfc32): void {
    const { steps, kept, fresh, weight } = this;
    const bulk = bulkDraws();
    random.walk(steps, weight * this.startOf(block), kept, weight * fresh);
    bulk.wasm.addWalk(this.bits, this.bend.address(bulk), weight * this.startOf(block + 1) - bulk.walked[steps]!);
  }

  private startOf(block: number): number {
    const { starts, chain } = this;
    for (let last = starts.at(-1)!; starts.length <= block;) {
      last = this.keptBlock * last + this.freshBlock * chain.normal();
      starts.push(last);
    }
    return starts[block]!;
  }
}

/** By the steps and what each keeps: repeats of a run share them, since they take as long to make as a block. */
const bends = new Map<string, BulkTable>();
/** Of the profiles that one process simulates. */
const MOST_BENDS = 100;

function bendOf(steps: number, kept: number, keptBlock: number): BulkTable {
  const key = `${steps}/${kept}`;
  const known = bends.get(key);
  if (known !== undefined) return known;
  const shares = Float64Array.from({ length: steps }, (_, step) => {
    return (kept ** (steps - step) - kept ** (steps + step)) / (1 - keptBlock * keptBlock);
  });
  const bend = new BulkTable(shares.buffer);
  if (bends.size === MOST_BENDS) bends.clear();
  bends.set(key, bend);
  return bend;
}
