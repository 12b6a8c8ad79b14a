/** How much of an answer is taken: in proportion to what was asked for, so that no server fills the client's memory. */

export interface AnswerLimits {
  readonly chunks: number;
  /** Of the whole stream. */
  readonly bytes: number;
  /** Characters of one event, buffered until it ends. */
  readonly eventChars: number;
}

/** What an answer was asked for, tokens. */
export interface Asked {
  readonly promptTokens: number;
  readonly outputTokens: number;
}

/**
 * A server may send more tokens than it was asked for (without ignore_eos, by another count) and chunks without any, so
 * the limits are several times of what an honest answer needs: some 300 bytes a token, prompt ids once (with
 * return_token_ids), at 8 bytes each.
 */
export function answerLimits({ promptTokens, outputTokens }: Asked): AnswerLimits {
  return {
    chunks: 1_000 + 4 * outputTokens,
    bytes: 4 * 2 ** 20 + 4096 * outputTokens + 32 * promptTokens,
    eventChars: 2 ** 20 + 32 * promptTokens,
  };
}
