/**
 * A pass of the reference scheduler: which requests were scheduled with how many tokens, and, after its update, which
 * got an output.
 */
import { attentionPairs, type EngineStep, type StepAssignment } from "../step.js";
import type { Sequence, FinishReason } from "./sequence.js";

/**
 * Filled by the scheduler. A sequence counts as prefill while its computed tokens are below those it knew at its latest
 * admission, as recorded servers count; afterwards it decodes.
 */
export class SchedulerStep implements EngineStep {
  /** In scheduling order; `tokens` beside it. */
  readonly scheduled: Sequence[] = [];
  readonly tokens: number[] = [];
  /** Those that will get an output token, in scheduling order; all of them: the same array as `scheduled`. */
  sampling: Sequence[] = this.scheduled;
  /** After update: those whose output token was kept. */
  delivered: readonly Sequence[] = [];
  /** After update: requests that ended with it, and why. */
  readonly finished: number[] = [];
  readonly finishReasons: FinishReason[] = [];
  decodeRequests = 0;
  decodeContextTokens = 0;
  prefillTokens = 0;
  prefillContextTokens = 0;
  prefillAttentionPairs = 0;
  promptRests = 0;
  firstTokens = 0;
  /** Whether every request that samples also did so in the step before. */
  followsOn = true;
  readonly admitted: number[] = [];
  readonly cachedTokens: number[] = [];
  preempted: number[] = [];

  constructor(public id: number) {}

  get scheduledRequests(): number {
    return this.scheduled.length;
  }

  get scheduledTokens(): number {
    return this.decodeRequests + this.prefillTokens;
  }

  get prefillRequests(): number {
    return this.scheduled.length - this.decodeRequests;
  }

  get samplingRequests(): number {
    return this.sampling.length;
  }

  /** Whether every scheduled request decodes one token. */
  get isAllDecodes(): boolean {
    return this.decodeRequests === this.scheduled.length && this.sampling === this.scheduled;
  }

  /** Who does what, as long as no later step is scheduled. */
  assignments(): StepAssignment[] {
    const samples = new Set(this.sampling);
    return this.scheduled.map((sequence, at) => {
      const { index, computed, prefillEnd } = sequence;
      const tokens = this.tokens[at]!;
      const past = computed - tokens;
      return { index, tokens, past, samples: samples.has(sequence), prefills: past < prefillEnd };
    });
  }

  add(sequence: Sequence, tokens: number): void {
    this.scheduled.push(sequence);
    this.tokens.push(tokens);
  }

  /** Takes a request back out; the tokens it had, 0 when it was not in. */
  withdraw(sequence: Sequence): number {
    const at = this.scheduled.lastIndexOf(sequence);
    if (at < 0) return 0;
    this.scheduled.splice(at, 1);
    return this.tokens.splice(at, 1)[0]!;
  }

  /** Becomes the step that is `steps` passes later in a run of the same decodes. */
  standForLater(steps: number): void {
    this.id += steps;
    this.preempted = [];
    this.decodeContextTokens += steps * this.decodeRequests;
  }

  /** Counts what a chunk of `tokens` after `context` cached ones costs, of a prefill that ends at `end`. */
  countPrefill(tokens: number, context: number, end: number): void {
    if (tokens === 1 && context > 0 && context + 1 === end) this.promptRests++;
    this.prefillTokens += tokens;
    this.prefillContextTokens += context;
    this.prefillAttentionPairs += attentionPairs(tokens, context);
  }
}
