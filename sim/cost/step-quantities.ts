/**
 * What a step of continuous batching consists of, as the terms of a profile's step costs multiply it: the same for the
 * fit (calibrate/fit) and the simulation. New tokens go through the dense layers in runs, each of at most
 * `groupsPerRun` groups: all decodes together are one, and each chunk of a prompt is another.
 */
import type { StepPartName } from "../../formats/index.js";
import type { Quantities } from "./terms.js";

export interface StepWork {
  /** Requests with one new token, and the cached tokens that they read. */
  readonly decodes: number;
  readonly contextTokens: number;
  /** Chunks of prompts, their new tokens, and their query and key pairs. */
  readonly chunks: number;
  readonly chunkTokens: number;
  readonly attentionPairs: number;
  /** Requests that get their next token. */
  readonly sampled: number;
  /** Slots of the KV cache that are moved, and tokens in them. */
  readonly moves: number;
  readonly movedTokens: number;
}

export type StepQuantities = Readonly<Record<StepPartName, Quantities>>;

const none: Quantities = { base: 0, rows: 0, tokens: 0, attention_pairs: 0, context_tokens: 0, kv_tokens: 0 };

export function stepQuantities(work: StepWork, groupsPerRun: number): StepQuantities {
  const { decodes, contextTokens, chunks, chunkTokens, attentionPairs, sampled, moves, movedTokens } = work;
  const runs = Math.ceil(((decodes > 0 ? 1 : 0) + chunks) / groupsPerRun);
  const tokens = decodes + chunkTokens;
  return {
    dense: { ...none, base: runs, rows: tokens, tokens },
    // Each of several runs has a request that gets a token, except runs of chunks that are not their prompt's last.
    output: { ...none, base: Math.min(runs, sampled), rows: sampled, tokens: sampled },
    decode: { ...none, base: decodes > 0 ? 1 : 0, rows: decodes, tokens: decodes, context_tokens: contextTokens },
    prefill: { ...none, base: chunks > 0 ? 1 : 0, rows: chunks, tokens: chunkTokens, attention_pairs: attentionPairs },
    move: { ...none, base: moves > 0 ? 1 : 0, rows: moves, tokens: movedTokens },
  };
}
