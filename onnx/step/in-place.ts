/** Whether the runtime keeps the KV cache in place: a step's keys must lie where the slot has room for them, the others stay. */
import { BackendError } from "../../formats/index.js";
import { ortLibrary } from "../c-api/index.js";
import type { KvSlots } from "./kv-slots.js";
import type { StepGroup } from "./step-runner.js";

export interface InPlaceSubject {
  readonly cache: Pick<KvSlots, "slotTokens" | "sample">;
  run(groups: readonly StepGroup[]): unknown;
}

/** Runs two steps of one token in the first slot. BackendError names the version where the second one moves the first one's keys. */
export function requireInPlace(subject: InPlaceSubject): void {
  const { cache } = subject;
  // No request fits into such a slot.
  if (cache.slotTokens < 2) return;
  const keysAfter = (past: number): number[] => {
    subject.run([{ firstSlot: 0, rows: [{ ids: [0], past }] }]);
    return Array.from(cache.sample(0, 2));
  };
  const [first, both] = [keysAfter(0), keysAfter(1)];
  const width = first.length / 2;
  const isKept = first.slice(0, width).every((number, at) => number === both[at]);
  const isAppended = both.slice(width).some((number) => number !== 0);
  const isWhere = first.slice(0, width).some((number) => number !== 0);
  if (isKept && isAppended && isWhere) return;
  const { version, path } = ortLibrary();
  throw new BackendError(
    `ONNX Runtime ${version} in "${path}" does not keep the KV cache in place, expected that it appends to the slot it is given; ` +
      "restore the version that servesim pins with npm ci, or run a policy of batches",
  );
}
