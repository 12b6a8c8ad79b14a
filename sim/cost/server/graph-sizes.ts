/**
 * Which CUDA graph runs a step, and how many tokens it computes: vLLM pads a step to the smallest captured size that
 * holds it. Sizes captured by default: 1, 2, 4, then every 8 up to 248, every 16 from 256, up to twice the slots, 512 and
 * the token budget, whichever is least, and since 0.31 the slots themselves (vllm/config/vllm.py).
 */
import type { StepShape } from "../step-cost.js";

const MAX_GRAPH_TOKENS = 512;

/** How a step is launched: one graph for the whole model, graphs between attention calls, or none. */
export type GraphKind = "full" | "piecewise" | "none";

/** What the server's version decides of CUDA graphs. */
export interface GraphRules {
  /** The slots are a captured size. */
  readonly capturesMaxNumSeqs: boolean;
  /** A prompt's last token over an existing context counts as a decode. */
  readonly promptRestIsDecode: boolean;
}

export function defaultCaptureSizes(
  maxNumSeqs: number,
  maxNumBatchedTokens: number,
  { capturesMaxNumSeqs }: Pick<GraphRules, "capturesMaxNumSeqs">,
): number[] {
  const largest = Math.min(2 * maxNumSeqs, MAX_GRAPH_TOKENS, maxNumBatchedTokens);
  const sizes = [1, 2, 4];
  for (let size = 8; size < 256; size += 8) sizes.push(size);
  for (let size = 256; size <= largest; size += 16) sizes.push(size);
  const captured = sizes.filter((size) => size <= largest);
  if (maxNumBatchedTokens === largest) captured.push(largest);
  if (capturesMaxNumSeqs && maxNumSeqs <= largest) captured.push(maxNumSeqs);
  return [...new Set(captured)].sort((a, b) => a - b);
}

export class GraphSizes {
  /** Padded size by tokens. */
  private readonly padded: Int32Array;

  constructor(
    captureSizes: readonly number[],
    private readonly maxNumSeqs: number,
    /** A prompt's last token over an existing context counts as a decode. */
    readonly promptRestIsDecode = false,
  ) {
    const ascending = [...captureSizes].sort((a, b) => a - b);
    this.padded = new Int32Array((ascending.at(-1) ?? 0) + 1);
    let tokens = 1;
    for (const size of ascending) for (; tokens <= size; tokens++) this.padded[tokens] = size;
  }

  /** Steps of fewer tokens have a graph. */
  get graphTokens(): number {
    return this.padded.length;
  }

  /** Tokens that a step of `tokens` computes. */
  paddedTokens(tokens: number): number {
    return tokens < this.padded.length ? this.padded[tokens]! : tokens;
  }

  /** Whether all that a step computes are decodes, as the server's version counts them. */
  isDecodes({ prefillTokens, promptRests = 0 }: StepShape): boolean {
    return prefillTokens === (this.promptRestIsDecode ? promptRests : 0);
  }

  kind(tokens: number, decodesOnly: boolean): GraphKind {
    if (tokens >= this.padded.length) return "none";
    return decodesOnly && this.padded[tokens]! <= this.maxNumSeqs ? "full" : "piecewise";
  }
}
