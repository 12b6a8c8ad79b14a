/**
 * Copies one slot of the KV cache to another on the device that runs it: whatever `from_` and `to_` are bound to, slots of the
 * device's memory or arrays of the main one, so that it also clears slots and reads them.
 */
import { GraphWriter, tensorInfo, type Graph } from "../protobuf/index.js";
import { headWidth, kvHeads, type ModelSpec } from "../spec/index.js";
import { cacheParts } from "./step-graph.js";

/** Names of a part of the KV cache, real [1, key heads, M, head width]. */
export const slotNames = {
  from: (part: string) => `from_${part}`,
  to: (part: string) => `to_${part}`,
} as const;

export function slotCopyGraph({ shape, precision }: ModelSpec): Graph {
  const g = new GraphWriter("", precision);
  const dims = [1, kvHeads(shape), "M", headWidth(shape)];
  const parts = cacheParts(shape);
  for (const part of parts) g.output(slotNames.from(part), slotNames.to(part));
  return g.graph(
    "slot_copy",
    parts.map((part) => tensorInfo(slotNames.from(part), g.realType, dims)),
    parts.map((part) => tensorInfo(slotNames.to(part), g.realType, dims)),
  );
}
