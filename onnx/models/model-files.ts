/** A model on disk: where its graphs lie, what it weighs, and how to feed it where it is a user's own export. */
import type { CacheTensor } from "../graphs/index.js";
import type { ModelSpec, Precision } from "../spec/index.js";

/** A complete model on disk. */
export interface ModelFiles extends ModelSpec {
  readonly seed: number;
  /** The checkpoint that the weights are from; absent where they are noise. */
  readonly weightsPath?: string;
  readonly parameters: number;
  readonly weightBytes: number;
  /** What one token of one row adds to the KV cache. */
  readonly kvBytesPerToken: number;
  readonly cache: readonly CacheTensor[];
  readonly folder: string;
  readonly prefillPath: string;
  readonly decodePath: string;
  readonly sampledPrefillPath: string;
  readonly sampledDecodePath: string;
  readonly forwardPath: string;
  /** Step graphs by their number of attention groups, from 1; greedy and sampling. Empty for an export. */
  readonly stepPaths: readonly { readonly greedy: string; readonly sampled: string }[];
  /** Set for a user's own export; all paths are then that file, which runs step by step. */
  readonly exported?: ExportedDecoder;
}

/** How to feed a user's own export. */
export interface ExportedDecoder {
  readonly takesPositions: boolean;
  /** The cache going in and coming out; both lists in the same order. */
  readonly past: readonly CacheTensor[];
  readonly present: readonly CacheTensor[];
  readonly logitsPrecision: Precision;
}
