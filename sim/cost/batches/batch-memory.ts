/**
 * Peak memory of one batch in a process of its own, in bytes, and the largest batch that fits. ONNX Runtime's arena
 * (BFCArena, kNextPowerOfTwo) asks the device for regions that double up to 1 GiB, so its peaks come in steps.
 */
import type { Profile } from "../../../formats/index.js";
import type { BatchShape } from "../cost-model.js";
import { prefillQuantities } from "../terms.js";

const FIRST_REGION_BYTES = 2 ** 20;

/** What an arena holds that needs so many bytes: whole regions of 1 MiB, 2 MiB and so on, up to `regionBytes` each. */
export function arenaBytes(neededBytes: number, regionBytes: number): number {
  let held = 0;
  let next = Math.min(FIRST_REGION_BYTES, regionBytes);
  while (held < neededBytes && next < regionBytes) {
    held += next;
    next = Math.min(2 * next, regionBytes);
  }
  return held < neededBytes ? held + regionBytes * Math.ceil((neededBytes - held) / regionBytes) : held;
}

/** Peak bytes of a batch in a process that ran no larger one before. */
export function batchBytes(memory: Profile["memory"], { rows, promptTokens, outputTokens }: BatchShape): number {
  const quantities = { ...prefillQuantities(rows, promptTokens), kv_tokens: rows * (promptTokens + outputTokens) };
  const { base_bytes, terms, arena_region_bytes: regionBytes } = memory;
  const needed = terms.reduce((sum, term) => sum + term.coefficient_bytes * quantities[term.basis], 0);
  return base_bytes + (regionBytes === undefined ? needed : arenaBytes(needed, regionBytes));
}

/**
 * Rows of the largest batch of such prompts and outputs that fits in the profile's memory; 0 when not even one row does,
 * Infinity when memory does not grow with rows.
 */
export function largestBatch(profile: Pick<Profile, "memory">, promptTokens: number, outputTokens: number): number {
  const { memory } = profile;
  const fits = (rows: number): boolean =>
    batchBytes(memory, { rows, promptTokens, outputTokens }) <= memory.total_bytes;
  if (!memory.terms.some((term) => term.basis !== "base" && term.coefficient_bytes > 0)) return fits(1) ? Infinity : 0;
  let [most, tooMany] = [0, 1];
  while (fits(tooMany)) [most, tooMany] = [tooMany, 2 * tooMany];
  while (tooMany - most > 1) {
    const middle = Math.floor((most + tooMany) / 2);
    if (fits(middle)) most = middle;
    else tooMany = middle;
  }
  return most;
}
