/** What the calibration of steps measures: one step of continuous batching, run once. Repeats of the same work form a cell. */
import { ArtifactError } from "../../formats/index.js";
import { attentionPairs, type StepWork } from "../../sim/index.js";
import { mean, median } from "../../sim/metrics/index.js";
import { grouped } from "./numerics/index.js";

/**
 * grid: single steps, in random order, which reach every corner of the range; loop: steps as a scheduler makes them, one after the
 * other, which are what a run consists of; reference: one step repeated through the session, to see the machine drift; check: loops
 * that the fit does not see, and is scored on.
 */
export const stepMeasurementKinds = ["grid", "loop", "reference", "check"] as const;

export interface StepMeasurement extends StepWork {
  readonly kind: (typeof stepMeasurementKinds)[number];
  /** Round of the session, from 0; a reference stands before its round. */
  readonly block: number;
  readonly order: number;
  /** In the thread that runs it. */
  readonly stepNs: number;
  /** In a loop: from the report of the step before to this one's start, and from its end to the report of its tokens. */
  readonly scheduleNs?: number;
  readonly updateNs?: number;
}

/** The repeats of the same work, or of nearly the same in loops, and the median of their times. The work is their mean. */
export interface StepCell extends StepWork {
  readonly repeats: readonly StepMeasurement[];
  readonly stepNs: number;
}

/** A step to measure: a number of decodes of equal context, a number of equal chunks, and slots to move first. */
export interface StepSpec {
  readonly decodes: number;
  /** Cached tokens of each decode. */
  readonly context: number;
  readonly chunks: number;
  readonly chunkTokens: number;
  /** Cached tokens before each chunk. */
  readonly chunkContext: number;
  /** Whether the chunks are the last of their prompts, so that their requests get a token. */
  readonly isLast: boolean;
  readonly moves: number;
}

/** A step without work, of which others differ. */
export const emptyStep: StepSpec = {
  decodes: 0,
  context: 0,
  chunks: 0,
  chunkTokens: 0,
  chunkContext: 0,
  isLast: true,
  moves: 0,
};

export function workOfSpec(spec: StepSpec): StepWork {
  const { decodes, context, chunks, chunkTokens, chunkContext, isLast, moves } = spec;
  return {
    decodes,
    contextTokens: decodes * context,
    chunks,
    chunkTokens: chunks * chunkTokens,
    attentionPairs: chunks * attentionPairs(chunkTokens, chunkContext),
    sampled: decodes + (isLast ? chunks : 0),
    moves,
    // The token that a slot got in the step before is moved, too.
    movedTokens: moves * (context + 1),
  };
}

/** Name of a step's work, the same everywhere: `4 decodes of 148, 1 chunk of 12 (78 pairs)`. */
export function workName(work: StepWork): string {
  const { decodes, contextTokens, chunks, chunkTokens, attentionPairs: pairs, sampled, moves, movedTokens } = work;
  return [
    ...(decodes > 0 ? [`${decodes} decodes of ${contextTokens}`] : []),
    ...(chunks > 0
      ? [`${chunks} chunks of ${chunkTokens} (${pairs} pairs${sampled > decodes ? "" : ", no token"})`]
      : []),
    ...(moves > 0 ? [`${moves} moves of ${movedTokens}`] : []),
  ].join(", ");
}

/** The measurements that a fit uses, by work, in order of first sight. ArtifactError for a time that cannot be. */
export function toStepCells(measurements: readonly StepMeasurement[]): StepCell[] {
  for (const measurement of measurements) {
    const { stepNs } = measurement;
    if (!Number.isFinite(stepNs) || stepNs <= 0) {
      throw new ArtifactError(
        `measured step "${workName(measurement)}", round ${measurement.block}: its time is ${stepNs} ns, expected a ` +
          "positive duration; take it out of the raw file, or calibrate again",
      );
    }
  }
  const used = measurements.filter(({ kind }) => kind === "grid" || kind === "loop");
  const cells = grouped(used, (one) => (one.kind === "grid" ? workName(one) : nearName(one)));
  return [...cells.values()].map((repeats) => ({
    ...repeats[0]!,
    ...meanWork(repeats),
    repeats,
    stepNs: median(repeats.map(({ stepNs }) => stepNs)),
  }));
}

/** No two steps of a loop have the same context: those whose decodes' lies between the same powers of two are near enough. */
function nearName({ decodes, contextTokens, chunks, chunkTokens, attentionPairs: pairs, moves }: StepWork): string {
  return ["loop", decodes, octaveOf(contextTokens, decodes), chunks, chunkTokens, pairs, moves].join();
}

/**
 * Without the single steps that loops have, too: a step in a run costs what the loop says. Steps are alike with as many decodes, chunks,
 * tokens asked for and moves, and lengths between the same powers of two.
 */
export function preferLoops(cells: readonly StepCell[]): StepCell[] {
  const alike = ({ decodes, contextTokens, chunks, chunkTokens, sampled, moves }: StepWork): string =>
    [decodes, octaveOf(contextTokens, decodes), chunks, octaveOf(chunkTokens, chunks), sampled, moves].join();
  const inLoops = new Set(cells.filter((cell) => !isSingle(cell)).map(alike));
  return cells.filter((cell) => !isSingle(cell) || !inLoops.has(alike(cell)));
}

/** Of the grid. */
export function isSingle({ repeats }: StepCell): boolean {
  return repeats[0]!.kind === "grid";
}

/** Of the tokens of each. */
function octaveOf(tokens: number, of: number): number {
  return of === 0 ? 0 : Math.round(Math.log2(Math.max(1, tokens / of)));
}

function meanWork(works: readonly StepWork[]): StepWork {
  const means = Object.keys(workOfSpec(emptyStep)).map((name) => {
    return [name, mean(works.map((work) => work[name as keyof StepWork]))];
  });
  return Object.fromEntries(means) as StepWork;
}
