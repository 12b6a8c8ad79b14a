/**
 * Whether a device works and computes what the CPU does: the same small model, the same prompts of different lengths,
 * greedy tokens of both side by side. Takes a second or two.
 */
import { ensureModel } from "../models/index.js";
import { startOnnxExecutor, type OnnxExecutor } from "./executor.js";

export interface DeviceComparison {
  readonly tokens: number;
  /** Equal tokens; after the first difference in a row, the rest of it follows another text. */
  readonly equalTokens: number;
  readonly rows: number;
  readonly equalRows: number;
}

const MODEL = "tiny";
const OUTPUT_TOKENS = 16;
const promptIds = [3, 11, 20, 7].map((length, row) =>
  Array.from({ length }, (_, at) => (131 * (row + 1) + 17 * at) % 500),
);

/** Throws BackendError where the device cannot be used. */
export async function compareWithCpu(
  device: "cpu" | "cuda",
  options: { readonly cacheDir?: string } = {},
): Promise<DeviceComparison> {
  const model = await ensureModel(MODEL, options);
  const tokensOf = async (on: "cpu" | "cuda"): Promise<number[][]> => {
    const executor: OnnxExecutor = await startOnnxExecutor({ model, device: on });
    try {
      return (await executor.runBatch({ promptIds, outputTokens: OUTPUT_TOKENS })).tokens;
    } finally {
      await executor.close();
    }
  };
  return compareTokens(await tokensOf("cpu"), await tokensOf(device));
}

/** Counts equal tokens, place by place. */
export function compareTokens(
  expected: readonly (readonly number[])[],
  got: readonly (readonly number[])[],
): DeviceComparison {
  const equals = expected.map((row, r) => row.filter((token, at) => token === got[r]?.[at]).length);
  return {
    tokens: expected.reduce((sum, row) => sum + row.length, 0),
    equalTokens: equals.reduce((sum, count) => sum + count, 0),
    rows: expected.length,
    equalRows: equals.filter((count, r) => count === expected[r]!.length).length,
  };
}
