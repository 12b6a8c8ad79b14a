/**
 * Measures steps in rounds: every step of the grid once, in random order, then a loop, with the reference before each round and
 * after the last. Rounds that were disturbed are followed by others, and the quietest are used. Keeps each measurement at once.
 */
import { shuffled, stream } from "../../../sim/kernel/index.js";
import { workName, workOfSpec, type StepMeasurement, type StepSpec } from "../../fit/index.js";
import { blockDrifts, DISTURBED_FRACTION } from "../measure/index.js";
import { measured, runStep, type StepBench } from "./run-step.js";

export interface StepSessionInput {
  readonly bench: StepBench;
  /** Steps of a scheduler's making, those of the round. */
  readonly loop: (round: number, order: number) => Promise<readonly StepMeasurement[]>;
  readonly grid: readonly StepSpec[];
  readonly reference: StepSpec;
  /** Rounds to use; half as many more are measured at most. */
  readonly rounds: number;
  readonly seed: string;
  /** What an earlier sitting measured. */
  readonly earlier: readonly StepMeasurement[];
  readonly keep: (measurement: StepMeasurement) => void;
  /** Time left, ns; Infinity without a budget. */
  readonly leftNs: () => number;
  readonly onProgress: (done: number, total: number, label: string) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface StepRounds {
  /** Everything, in the order of measuring. */
  readonly all: readonly StepMeasurement[];
  /** Of the rounds to use, the references too. */
  readonly chosen: readonly StepMeasurement[];
  /** Rounds measured, and those used that were disturbed nonetheless. */
  readonly rounds: number;
  readonly disturbed: number;
}

const REFERENCE_REPEATS = 5;
/**
 * A reference after other steps takes up to 12 % longer, and settles over about so many. The pace before a real run is the time of one
 * that has settled.
 */
const SETTLING = 12;
const EXTRA_FRACTION = 0.5;

/** Rejects with the signal's reason between two steps. Fewer rounds where the time does not last. */
export async function measureRounds(input: StepSessionInput): Promise<StepRounds> {
  const { bench, grid, reference, seed, signal } = input;
  const all = [...input.earlier];
  const seen = new Set(all.map(idOf));
  const total = input.rounds * (grid.length + 1 + REFERENCE_REPEATS) + REFERENCE_REPEATS;
  let done = input.earlier.filter(({ kind }) => kind !== "loop").length;
  const keep = (measurements: readonly StepMeasurement[], round: number): void => {
    for (const measurement of measurements) {
      input.keep(measurement);
      all.push(measurement);
    }
    done++;
    input.onProgress(done, Math.max(total, done), `steps, round ${round + 1}`);
  };
  const measure = async (spec: StepSpec, kind: "grid" | "reference", block: number, repeat = 0): Promise<void> => {
    signal?.throwIfAborted();
    const id = `${kind} ${block} ${workName(workOfSpec(spec))}`;
    if (kind === "grid" ? seen.has(id) : references(all, block) > repeat) return;
    seen.add(id);
    keep([measured(spec, await runStep(bench, spec), { kind, block, order: all.length })], block);
  };
  const watch = async (block: number): Promise<void> => {
    if (references(all, block) >= REFERENCE_REPEATS) return;
    for (let step = 0; step < SETTLING; step++) await runStep(bench, reference);
    for (let repeat = 0; repeat < REFERENCE_REPEATS; repeat++) await measure(reference, "reference", block, repeat);
  };
  const most = input.rounds + Math.ceil(EXTRA_FRACTION * input.rounds);
  let block = 0;
  let longestNs = 0;
  for (; block < most && (block < input.rounds || quietRounds(all, block).length < input.rounds); block++) {
    const beforeNs = input.leftNs();
    if (block > 0 && longestNs > beforeNs) break;
    await watch(block);
    for (const spec of shuffled(grid, stream(`${seed}/calibrate/steps/${block}`))) await measure(spec, "grid", block);
    if (!all.some((one) => one.kind === "loop" && one.block === block))
      keep(await input.loop(block, all.length), block);
    longestNs = Math.max(longestNs, beforeNs === Infinity ? 0 : beforeNs - input.leftNs());
    // After the round, too: how quiet it was depends on both.
    await watch(block + 1);
  }
  const drifts = roundDrifts(all);
  const usual = Array.from({ length: block }, (_, round) => round)
    .sort((a, b) => Math.abs(drifts.get(a) ?? 0) - Math.abs(drifts.get(b) ?? 0))
    .slice(0, input.rounds);
  return {
    all,
    chosen: all.filter(({ kind, block: of }) => kind === "reference" || usual.includes(of)),
    rounds: block,
    disturbed: usual.filter((round) => !isQuiet(drifts, round)).length,
  };
}

function quietRounds(all: readonly StepMeasurement[], rounds: number): number[] {
  const drifts = roundDrifts(all);
  return Array.from({ length: rounds }, (_, round) => round).filter((round) => isQuiet(drifts, round));
}

function isQuiet(drifts: ReadonlyMap<number, number>, round: number): boolean {
  return Math.abs(drifts.get(round) ?? 0) <= DISTURBED_FRACTION;
}

function roundDrifts(all: readonly StepMeasurement[]): ReadonlyMap<number, number> {
  return blockDrifts(all.map(({ kind, block, stepNs }) => ({ kind, block, wallNs: stepNs })));
}

function references(all: readonly StepMeasurement[], block: number): number {
  return all.filter((one) => one.kind === "reference" && one.block === block).length;
}

function idOf(measurement: StepMeasurement): string {
  return `${measurement.kind} ${measurement.block} ${workName(measurement)}`;
}
