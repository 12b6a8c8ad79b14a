/**
 * Checks on the machine how large a batch may be: the profile's own prediction first, then outward to the real edge. Each
 * batch runs in a process of its own (onnx/try-batch.ts), so running out of memory ends nothing that matters.
 */
import { availableParallelism } from "node:os";
import { availableMemoryBytes } from "../../machine/index.js";
import { ensureModel, modelForm, tryBatch } from "../../onnx/index.js";
import { defined, type CalibrationPlan, type Profile } from "../../formats/index.js";
import { largestBatch } from "../../sim/cost/index.js";
import { findMemoryEdge, type MemoryEdge } from "./memory-edge.js";

export interface OomProbe extends MemoryEdge {
  readonly promptTokens: number;
  readonly outputTokens: number;
  /** Rows that the profile says fit into the memory that the batches were given. */
  readonly predictedRows: number;
  /** Memory given on the CPU; on a GPU the card's own. */
  readonly limitBytes: number;
  /** What the runtime, or the system, said of the smallest batch that did not fit. */
  readonly why?: string;
}

export interface ProbeOptions {
  readonly cacheDir?: string;
  readonly threads?: number;
  /** Memory that a batch's process may take; absent: what the system has left. */
  readonly limitBytes?: number;
  readonly onTry?: (rows: number) => void;
  readonly signal?: AbortSignal;
}

/** No search beyond this: rows of a batch that no machine of today holds. */
const MAX_ROWS = 65_536;
/** Left to the rest of the system. */
const RESERVE_BYTES = 256 * 2 ** 20;

/** Prompts as long as the longest measured, and as many decode steps. */
export async function probeOom(plan: CalibrationPlan, profile: Profile, options: ProbeOptions = {}): Promise<OomProbe> {
  const { cacheDir, threads = availableParallelism(), onTry, signal } = options;
  const model = await ensureModel(plan.model, { ...modelForm(plan), ...defined({ cacheDir }) });
  const [, promptTokens] = profile.range.prompt_tokens;
  const outputTokens = Math.max(1, profile.range.context_tokens[1] - promptTokens + 1);
  const onCpu = plan.device === "cpu";
  const limitBytes = onCpu
    ? (options.limitBytes ?? availableMemoryBytes() - RESERVE_BYTES)
    : profile.memory.total_bytes;
  const memory = { ...profile.memory, total_bytes: limitBytes };
  const predictedRows = Math.min(MAX_ROWS, largestBatch({ memory }, promptTokens, outputTokens));
  let why: string | undefined;
  const edge = await findMemoryEdge(predictedRows, MAX_ROWS, async (rows) => {
    signal?.throwIfAborted();
    onTry?.(rows);
    const shape = { rows, promptTokens, outputTokens };
    const batch = { model, device: plan.device, threads, ...shape, ...(onCpu ? { limitBytes } : {}) };
    const outcome = await tryBatch(batch, { signal });
    if (!outcome.fits) why = outcome.why;
    return outcome.fits;
  });
  return { ...edge, promptTokens, outputTokens, predictedRows, limitBytes, ...defined({ why }) };
}
