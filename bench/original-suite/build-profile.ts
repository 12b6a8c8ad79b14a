/** The suite's profile out of the fitted line, the warm-up and the recorded memory; ns and bytes. */
import { InvariantError, profileSchema, type CostTerm, type FitScore, type Profile } from "../../formats/index.js";
import { coldStartMs, scoreService, type ServiceFit } from "./fit-service.js";
import { leastSquaresLine } from "./least-squares.js";
import { RECORDING_NAME } from "./recording.js";
import type { RecoveredBatch } from "./recover-batches.js";

export const OUTPUT_TOKENS = 20;
const GIB = 2 ** 30;
/** Not recorded; any total above 0.63 GiB leads to the same decisions at a threshold of 0.9. */
const ASSUMED_TOTAL_GIB = 16;
const FLOAT_BYTES = 4;
const gpt2 = { layers: 12, width: 768, heads: 12, vocab: 50_257, positions: 1024, parameters: 124_439_808 };

export interface ProfileInput {
  readonly fit: ServiceFit;
  readonly firstOfProcess: RecoveredBatch;
  /** Batches whose own peak was recorded. */
  readonly memoryBatches: readonly RecoveredBatch[];
  readonly heldOut: FitScore;
}

export function buildProfile({ fit, firstOfProcess, memoryBatches, heldOut }: ProfileInput): Profile {
  // The split between prefill and decode cannot be seen in the file: every one of the 20 tokens costs the same.
  const perToken: readonly CostTerm[] = [
    term("base", fit.baseMs / OUTPUT_TOKENS, fit.baseCi95Ms),
    term("rows", fit.perRowMs / OUTPUT_TOKENS, fit.perRowCi95Ms),
  ];
  const { baseBytes, perTokenBytes } = fitMemory(memoryBatches);
  return profileSchema.parse({
    version: 1,
    name: "original-suite",
    date: "2025-10-20",
    source:
      `least squares on batch service times recovered from ${RECORDING_NAME} (bench/original-suite/fit.ts); TTFT was ` +
      "recorded as latency, so the split between prefill and decode is not identifiable and each of the 20 tokens is " +
      `given an equal share; total memory was not recorded, ${ASSUMED_TOTAL_GIB} GiB is assumed, and words stand for ` +
      "prompt tokens in the memory fit and in the range; the GPU is not named in the file",
    machine: { gpu: "one GPU, not recorded" },
    model: { name: "gpt2", ...gpt2, dtype: "float32" },
    engine: {
      name: "original-suite",
      version: "recorded 2025-10-20",
      settings: { output_tokens: OUTPUT_TOKENS, clients: 10 },
    },
    cost: {
      kind: "static_batch",
      prefill: perToken,
      decode_step: perToken,
      cold_start_ns: wholeNs(coldStartMs(fit, firstOfProcess)),
    },
    memory: {
      total_bytes: ASSUMED_TOTAL_GIB * GIB,
      base_bytes: baseBytes,
      terms: [{ basis: "kv_tokens", coefficient_bytes: perTokenBytes }],
      kv_bytes_per_token: 2 * gpt2.layers * gpt2.width * FLOAT_BYTES,
      arena_keeps_peak: false,
    },
    range: { batch: [1, 10], prompt_tokens: [1, 16], context_tokens: [1, 16 + OUTPUT_TOKENS] },
    fit: { batch: scoreService(fit, fit.points) },
    held_out: { batch: heldOut },
  });
}

/** Peak = base + bytes per token held at the end of the batch; the file has it in hundredths of a GiB. */
function fitMemory(batches: readonly RecoveredBatch[]): { baseBytes: number; perTokenBytes: number } {
  const tokens = batches.map(({ size, longestPromptWords }) => size * (longestPromptWords + OUTPUT_TOKENS));
  const line = leastSquaresLine(
    tokens,
    batches.map(({ peakGib }) => peakGib * GIB),
  );
  if (line === null) throw new InvariantError("memory of batches of one size, expected two sizes");
  return { baseBytes: Math.round(line.intercept), perTokenBytes: Math.round(line.slope) };
}

function term(basis: CostTerm["basis"], ms: number, batchCi95Ms: readonly [number, number]): CostTerm {
  const [low, high] = batchCi95Ms;
  return {
    basis,
    coefficient_ns: wholeNs(ms),
    ci95_ns: [wholeNs(low / OUTPUT_TOKENS), wholeNs(high / OUTPUT_TOKENS)],
  };
}

function wholeNs(ms: number): number {
  return Math.round(ms * 1e6);
}
