/** What the calibration of steps measures: one step of continuous batching, run once. Repeats of the same work form a cell. */
import { ArtifactError } from "../../formats/index.js";
import { attentionPairs, type StepWork } from "../../sim/index.js";
import { median } from "../../sim/metrics/index.js";

/**
 * grid: repeats that the fit uses; reference: one step repeated through the session, to see the machine drift; loop: steps as a
 * scheduler makes them, one after the other, which tell what lies between steps and are in no fit of steps.
 */
export const stepMeasurementKinds = ["grid", "reference", "loop"] as const;

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

/** The repeats of the same work, and the median of their times. */
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

/** The grid's measurements by work, in order of first sight. ArtifactError for a time that cannot be. */
export function toStepCells(measurements: readonly StepMeasurement[]): StepCell[] {
  const groups = new Map<string, StepMeasurement[]>();
  for (const measurement of measurements) {
    const { kind, stepNs } = measurement;
    if (!Number.isFinite(stepNs) || stepNs <= 0) {
      throw new ArtifactError(
        `measured step "${workName(measurement)}", round ${measurement.block}: its time is ${stepNs} ns, expected a ` +
          "positive duration; take it out of the raw file, or calibrate again",
      );
    }
    if (kind !== "grid") continue;
    const name = workName(measurement);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [measurement]);
    else group.push(measurement);
  }
  return [...groups.values()].map((repeats) => ({
    ...repeats[0]!,
    repeats,
    stepNs: median(repeats.map(({ stepNs }) => stepNs)),
  }));
}
