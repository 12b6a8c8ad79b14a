/** Whether the slots of a KV cache fit into memory. */
import { ConfigError } from "../../formats/index.js";
import type { ModelFiles } from "../../onnx/index.js";
import type { EngineLimits } from "../../sim/index.js";

/** ConfigError with what to change; each of `maxNumSeqs` sequences, and one more to swap, has a slot of `maxModelLen` tokens. */
export function requireSlotMemory(
  { kvBytesPerToken }: ModelFiles,
  { maxNumSeqs, maxModelLen }: Pick<EngineLimits, "maxNumSeqs" | "maxModelLen">,
  availableBytes: number,
): void {
  const cacheBytes = (maxNumSeqs + 1) * maxModelLen * kvBytesPerToken;
  if (cacheBytes <= availableBytes) return;
  const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  throw new ConfigError(
    `${maxNumSeqs} sequences of ${maxModelLen} tokens take ${gib(cacheBytes)} of KV cache, ${gib(availableBytes)} are free; ` +
      "give a smaller --max-num-seqs or --max-model-len",
  );
}
