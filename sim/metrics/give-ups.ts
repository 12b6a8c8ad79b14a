/** What clients that gave up cost: part of the summary of a run whose clients have patience, or try again. */
export interface GiveUpSummary {
  /** Requests whose client gave up, each attempt counted; part of `failed`. */
  readonly aborted: number;
  readonly aborted_before_first_token: number;
  readonly aborted_in_answer: number;
  /** Attempts after the first. */
  readonly retried: number;
  /** Requests of the load that no attempt got an answer to. */
  readonly unanswered: number;
  /**
   * Prompt and output tokens computed for requests that were given up; cached ones are not computed. Of a real server: as far as
   * its client saw, prompts of those that had a first token.
   */
  readonly wasted_prompt_tokens: number;
  readonly wasted_output_tokens: number;
  /** Of the machine's busy time; absent: not known. */
  readonly wasted_gpu_share?: number;
}
