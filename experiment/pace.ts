/**
 * How fast this machine is while a run is measured, beside how fast it was when its profile was: the calibration's reference
 * batch is run again. A shared or a warm machine changes by several per cent within minutes, which no schedule explains.
 */
import { z } from "zod";
import type { OnnxExecutor, SamplingSettings } from "../backend/onnx/index.js";
import { promptIdsOf } from "../calibrate/onnx/index.js";
import { InvariantError, type Profile, type Run } from "../formats/index.js";
import { mean, quantile } from "../sim/index.js";

/** Of the reference, each time. */
const REPEATS = 5;

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

/** Time of the reference batch over what it took in the calibration: above 1, the machine is slower. */
export type MeasurePace = () => Promise<number>;

/** The pace of the machine during a run, where it was measured. */
export function paceDuring({ info }: Run): number | undefined {
  const known = z.tuple([z.number(), z.number()]).safeParse(info.pace);
  return known.success ? (known.data[0] + known.data[1]) / 2 : undefined;
}

/** Over all runs that know theirs; undefined where none does. */
export function meanPace(runs: readonly Run[]): number | undefined {
  const paces = runs.flatMap((run) => paceDuring(run) ?? []);
  return paces.length === 0 ? undefined : mean(paces);
}

/** A pace this far from 1 shows in what is compared. */
const WORTH_TELLING = 0.05;

/** A sentence on real runs that the machine was slower or faster in than in its calibration; undefined where it was not. */
export function describePace(paces: readonly number[]): string | undefined {
  if (paces.length === 0) return undefined;
  const off = mean(paces) - 1;
  if (Math.abs(off) < WORTH_TELLING) return undefined;
  const [how, what] = off > 0 ? ["slower", "short"] : ["faster", "long"];
  return (
    `the machine was ${Math.round(100 * Math.abs(off))} % ${how} during the real runs than in its calibration, by a reference ` +
    `batch before and after each: simulated times are about as much too ${what}`
  );
}

/** The profile as it would be had the machine been at that pace when it was calibrated. */
export function atPace(profile: Profile, pace: number): Profile {
  const { cost } = profile;
  if (cost.kind !== "static_batch") throw new InvariantError(`pace is of batches, this profile is of ${cost.kind}`);
  const scaled = (terms: typeof cost.prefill): typeof cost.prefill =>
    terms.map(({ coefficient_ns, ...term }) => ({ ...term, coefficient_ns: pace * coefficient_ns }));
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
  };
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
  return async () => {
    const timesMs: number[] = [];
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      const startNs = process.hrtime.bigint();
      await executor.runBatch(batch);
      timesMs.push(Number(process.hrtime.bigint() - startNs) / 1e6);
    }
    return quantile(Float64Array.from(timesMs).sort(), 0.5) / ms;
  };
}
