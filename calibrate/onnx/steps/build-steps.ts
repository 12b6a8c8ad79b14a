/** From measured steps and loops to the section of the profile: the fit, the time between steps, what was held out, what to know. */
import { createHash } from "node:crypto";
import { percent, type StepCosts } from "../../../formats/index.js";
import { stepQuantities, sumParts } from "../../../sim/index.js";
import { median } from "../../../sim/metrics/index.js";
import {
  fitSteps,
  STEADY,
  stepRange,
  toStepCells,
  workName,
  type StepCell,
  type StepMeasurement,
  type StepSpec,
} from "../../fit/index.js";
import { grouped, growthOf, variationOf, type Growth } from "../../fit/numerics/index.js";
import { DISTURBED_FRACTION } from "../measure/index.js";
import type { StepRounds } from "./step-session.js";

export interface BuildStepsInput {
  readonly rounds: StepRounds;
  /** Loops that the fit does not see. */
  readonly checks: readonly StepMeasurement[];
  /** Of the first step of the process, one like the reference. */
  readonly coldNs: number;
  readonly reference: StepSpec;
  readonly settings: StepCosts["settings"];
  readonly seed: string;
  readonly groupsPerRun: number;
  /** Longest prompt and context measured, tokens. */
  readonly longest: { readonly prompt: number; readonly context: number };
}

/** One step in this many, of each kind, is kept out of the fit. */
const HELD_OUT_EVERY = 5;
/** A time between steps this many times the median is a stall of the machine, not the loop's. */
const STALL = 5;
/** A loop that the model misses by more is reported. */
const LOOP_TOLERANCE = 0.1;

export async function buildSteps(
  input: BuildStepsInput,
): Promise<{ readonly steps: StepCosts; readonly warnings: readonly string[] }> {
  const { rounds, checks, coldNs, reference, settings, seed, groupsPerRun, longest } = input;
  const cells = toStepCells(rounds.chosen);
  const heldOut = heldOutNames(cells, seed);
  const fitted = await fitSteps(rounds.chosen, {
    seed,
    groupsPerRun,
    isHeldOut: (cell) => heldOut.has(workName(cell)),
  });
  const { warnings, jitter, ...fit } = fitted;
  const between = timesBetween([...rounds.chosen, ...checks]);
  const [modelNs, realNs] = checks.reduce(
    ([model, real], step) => [model + sumParts(fit, stepQuantities(step, groupsPerRun)), real + step.stepNs],
    [0, 0],
  );
  const loop = { steps: checks.length, error: Number((modelNs / realNs - 1).toPrecision(4)) };
  const usualNs = median(rounds.chosen.filter(({ kind }) => kind === "reference").map(({ stepNs }) => stepNs));
  const steps: StepCosts = {
    settings,
    groups_per_run: groupsPerRun,
    ...fit,
    schedule: between.schedule,
    update: between.update,
    cold_start_ns: Math.max(0, Math.round(coldNs - usualNs)),
    jitter: { ...jitter, host: between.host },
    range: stepRange(cells, longest),
    loop,
    reference: {
      decodes: reference.decodes,
      context_tokens: reference.context,
      chunk_tokens: reference.chunkTokens,
      ms: usualNs / 1e6,
    },
  };
  return { steps, warnings: [...warnings, ...describeRounds(rounds), ...describeLoop(loop)] };
}

/** A fifth of the decodes, of the chunks, of the mixed steps and of the moves, by a seeded hash; looks at their work alone. */
function heldOutNames(cells: readonly StepCell[], seed: string): ReadonlySet<string> {
  const kinds = grouped(cells, (cell) => [cell.decodes > 0, cell.chunks > 0, cell.moves > 0].join());
  const hashOf = (name: string): string => createHash("sha256").update(`${seed}/held-out/${name}`).digest("hex");
  return new Set(
    [...kinds.values()].flatMap((kind) =>
      kind
        .map(workName)
        .sort((a, b) => hashOf(a).localeCompare(hashOf(b)))
        .slice(0, Math.ceil(kind.length / HELD_OUT_EVERY)),
    ),
  );
}

/** What lies between steps of loops, by their requests, and how it varies. */
function timesBetween(measurements: readonly StepMeasurement[]): {
  readonly schedule: StepCosts["schedule"];
  readonly update: StepCosts["update"];
  readonly host: StepCosts["jitter"]["host"];
} {
  const pointsOf = (timeNs: (step: StepMeasurement) => number | undefined) => {
    const points = measurements.flatMap((step) => {
      const ns = timeNs(step);
      return ns === undefined ? [] : [{ requests: step.decodes + step.chunks, ns }];
    });
    const usualNs = median(points.map(({ ns }) => ns));
    return points.filter(({ ns }) => ns <= STALL * usualNs);
  };
  const perStep = ({ baseNs, requestNs }: Growth) => ({
    base_ns: Math.round(baseNs),
    request_ns: Math.round(requestNs),
  });
  const [schedules, updates] = [pointsOf(({ scheduleNs }) => scheduleNs), pointsOf(({ updateNs }) => updateNs)];
  const [schedule, update] = [growthOf(schedules), growthOf(updates)];
  const ratiosTo = (points: typeof schedules, { baseNs, requestNs }: Growth): number[] =>
    points.map(({ requests, ns }) => ns / Math.max(1, baseNs + requestNs * requests));
  const host = variationOf([...ratiosTo(schedules, schedule), ...ratiosTo(updates, update)]) ?? STEADY;
  return { schedule: perStep(schedule), update: perStep(update), host };
}

function describeRounds({ disturbed, rounds }: StepRounds): string[] {
  if (disturbed === 0) return [];
  return [
    `steps: ${disturbed} of ${rounds} rounds were disturbed and are used nonetheless: a reference step beside them was more than ` +
      `${percent(DISTURBED_FRACTION)} off its usual time`,
  ];
}

function describeLoop({ steps, error }: NonNullable<StepCosts["loop"]>): string[] {
  if (Math.abs(error) <= LOOP_TOLERANCE) return [];
  return [
    `steps: ${steps} steps made by a scheduler took ${error < 0 ? "longer" : "shorter"} than the model has it, by ` +
      percent(Math.abs(error), 1),
  ];
}
