/**
 * Parts of a request's time. Every instant from its arrival to its last token belongs to one of them, so that they add up to
 * the whole: of an engine that runs steps those of `stepParts`, of static batches those of `batchParts`.
 */
export const partNames = [
  "client",
  "front_end",
  "batch_filling",
  "batch_running",
  "step_in_flight",
  "seats",
  "kv_blocks",
  "token_budget",
  "own_prefill",
  "others_prefill",
  "decode",
  "host",
  "preemption",
  "batch_longest",
  "delivery",
] as const;
export type PartName = (typeof partNames)[number];

/** ns, by part. */
export type Parts = Readonly<Record<PartName, number>>;
export type MutableParts = Record<PartName, number>;

export function noParts(): MutableParts {
  return Object.fromEntries(partNames.map((name) => [name, 0])) as MutableParts;
}

export function sumOfParts(parts: Parts): number {
  return partNames.reduce((sum, name) => sum + parts[name], 0);
}

/** A request's time to its first token, and from there to its last. */
export interface ExplainedRequest {
  readonly first: Parts;
  readonly rest: Parts;
  /** Decodes in its steps, integrated over the time they took on the GPU, ns: over that time, how many it decoded beside. */
  readonly decodeNs: number;
  readonly besideNs: number;
}
