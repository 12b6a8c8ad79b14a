/**
 * How fast this machine is when a run is measured, relative to when its profile was measured: the calibration's
 * reference batch, or step, is run again, before and after. A shared or a warm machine changes by several percent
 * within minutes, which no schedule explains. The pace before a run is known when the run is predicted, and the
 * prediction is made at it. The pace after it is not: it explains a miss and enters no prediction.
 */
import { z } from "zod";
import type { OnnxExecutor, SamplingSettings } from "../../onnx/index.js";
import type { StepExecutor } from "../../real/index.js";
import { prepareReferenceStep, promptIdsOf } from "../../calibrate/onnx/index.js";
import {
  defined,
  InvariantError,
  type CostTerm,
  type Profile,
  type Run,
  type StepCosts,
  type StepTerms,
} from "../../formats/index.js";
import { mean, median } from "../../sim/index.js";

/**
 * The reference batch is repeated so often at least, and for so long: its times vary by 10 % and more from one to the
 * next on a shared machine, and a handful of them, a tenth of a second, say little about a run of some seconds.
 */
const MIN_REPEATS = 5;
const MIN_MS = 1000;

const referenceOf = z.object({
  drift: z.object({
    reference: z.object({
      batch_size: z.number(),
      prompt_tokens: z.number(),
      decode_steps: z.number(),
      ms: z.number().positive(),
    }),
  }),
});

/** Time of the reference batch or step over what it took in the calibration: above 1, the machine is slower. */
export type MeasurePace = () => Promise<number>;

/** Just before a real run and just after it, as run.json has it. */
export interface Pace {
  readonly before: number;
  readonly after: number;
}

const positive = z.number().positive();
/** Runs made by earlier versions have a pair. */
const paceForms = z.union([
  z.object({ before: positive, after: positive }),
  z.tuple([positive, positive]).transform(([before, after]) => ({ before, after })),
]);

/** The pace of the machine about a run, where it was measured. */
export function paceAbout({ info }: Run): Pace | undefined {
  return paceForms.safeParse(info.pace).data;
}

/** Over all runs that know theirs; undefined where none does. */
export function meanPace(runs: readonly Run[]): Pace | undefined {
  const paces = runs.flatMap((run) => paceAbout(run) ?? []);
  if (paces.length === 0) return undefined;
  return { before: mean(paces.map(({ before }) => before)), after: mean(paces.map(({ after }) => after)) };
}

/** The pace, as far as it is known, while the run went on: between before and after. */
export function paceBeside({ before, after }: Pace): number {
  return (before + after) / 2;
}

/** Paces that differ by this much show in a comparison. */
const WORTH_TELLING = 0.05;

/** Sentences on the pace of real runs: before them, which their simulations are at, and how it changed beside them. */
export function describePace(paces: readonly Pace[]): string[] {
  if (paces.length === 0) return [];
  const percent = (off: number): string => `${Math.round(100 * Math.abs(off))} % ${off > 0 ? "slower" : "faster"}`;
  const before = mean(paces.map((pace) => pace.before)) - 1;
  const changed = mean(paces.map((pace) => paceBeside(pace) / pace.before)) - 1;
  const lines: string[] = [];
  if (Math.abs(before) >= WORTH_TELLING) {
    lines.push(
      `just before the real runs the machine was ${percent(before)} than in its calibration, by a reference batch: ` +
        "each is simulated at the pace before it",
    );
  }
  if (Math.abs(changed) >= WORTH_TELLING) {
    lines.push(
      `during the real runs the machine was ${percent(changed)} than just before them, by the reference batch after each: ` +
        `simulated times are about as much too ${changed > 0 ? "short" : "long"}`,
    );
  }
  return lines;
}

/** The profile as it would be if the machine had had that pace when it was calibrated. */
export function atPace(profile: Profile, pace: number): Profile {
  const { cost, steps, uncertainty } = profile;
  if (cost.kind !== "static_batch") throw new InvariantError(`pace is of batches, this profile is of ${cost.kind}`);
  const scaled = (terms: readonly CostTerm[]): CostTerm[] => scaledTerms(terms, pace);
  const { prefill, decode_step, dispatch_ns, cold_start_ns } = cost;
  return {
    ...profile,
    cost: {
      kind: "static_batch",
      prefill: scaled(prefill),
      decode_step: scaled(decode_step),
      dispatch_ns: pace * dispatch_ns,
      cold_start_ns: pace * cold_start_ns,
    },
    ...defined({
      uncertainty: uncertainty && scaledDraws(uncertainty, pace),
      steps: steps && stepsAtPace(steps, pace),
    }),
  };
}

function stepsAtPace(steps: StepCosts, pace: number): StepCosts {
  const { terms, draws, schedule, update, cold_start_ns } = steps;
  const perStep = ({ base_ns, request_ns }: StepCosts["schedule"]): StepCosts["schedule"] => ({
    base_ns: pace * base_ns,
    request_ns: pace * request_ns,
  });
  const scaled = Object.entries(terms).map(([part, own]) => [part, scaledTerms(own, pace)]);
  return {
    ...steps,
    terms: Object.fromEntries(scaled) as StepTerms,
    ...defined({ draws: draws && scaledDraws(draws, pace) }),
    schedule: perStep(schedule),
    update: perStep(update),
    cold_start_ns: pace * cold_start_ns,
  };
}

function scaledTerms(terms: readonly CostTerm[], pace: number): CostTerm[] {
  return terms.map(({ coefficient_ns, ...term }) => ({ ...term, coefficient_ns: pace * coefficient_ns }));
}

/** All replications but the first are simulated at one of these. */
function scaledDraws<Draws extends Readonly<Record<string, number[][]>>>(draws: Draws, pace: number): Draws {
  const scaled = Object.entries(draws).map(([part, rows]) => [part, rows.map((row) => row.map((ns) => pace * ns))]);
  return Object.fromEntries(scaled) as Draws;
}

/** Undefined for a profile that keeps no reference; `sampling` as in its calibration. */
export function paceOf(
  { engine }: Profile,
  executor: OnnxExecutor,
  sampling: SamplingSettings | undefined,
): MeasurePace | undefined {
  const known = referenceOf.safeParse(engine.settings);
  if (!known.success) return undefined;
  const { batch_size, prompt_tokens, decode_steps, ms } = known.data.drift.reference;
  const shape = { batchSize: batch_size, promptTokens: prompt_tokens, decodeSteps: decode_steps };
  const promptIds = promptIdsOf({ seed: "pace" }, shape, 0, executor.info.model.vocab);
  const seeds = promptIds.map((_, row) => `pace/sampling/${row}`);
  const batch = {
    promptIds,
    outputTokens: decode_steps + 1,
    ...(sampling === undefined ? {} : { sampling: { ...sampling, seeds } }),
  };
  return paceFrom(ms, async () => {
    const startNs = process.hrtime.bigint();
    await executor.runBatch(batch);
    return Number(process.hrtime.bigint() - startNs) / 1e6;
  });
}

/** The same by the reference step, on the executor that runs the steps. */
export async function stepPaceOf({ reference }: StepCosts, executor: StepExecutor): Promise<MeasurePace> {
  const stepNs = await prepareReferenceStep(executor, reference);
  return paceFrom(reference.ms, async () => (await stepNs()) / 1e6);
}

function paceFrom(usualMs: number, measureMs: () => Promise<number>): MeasurePace {
  return async () => {
    const timesMs: number[] = [];
    for (let spentMs = 0; timesMs.length < MIN_REPEATS || spentMs < MIN_MS;) {
      const tookMs = await measureMs();
      timesMs.push(tookMs);
      spentMs += tookMs;
    }
    return median(timesMs) / usualMs;
  };
}
