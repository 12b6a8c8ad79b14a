/** A step as the count scheduler keeps it: sums for the cost model, and the few requests that are not steady in it. */
import { attentionPairs, type EngineStep } from "../../step.js";
import { shorten } from "./shorten.js";

export class CountStep implements EngineStep {
  scheduledRequests = 0;
  scheduledTokens = 0;
  decodeRequests = 0;
  decodeContextTokens = 0;
  prefillRequests = 0;
  prefillTokens = 0;
  prefillContextTokens = 0;
  prefillAttentionPairs = 0;
  promptRests = 0;
  firstTokens = 0;
  readonly admitted: number[] = [];
  readonly cachedTokens: number[] = [];
  readonly preempted: number[] = [];
  /** Requests that sample in this step and sampled in the step before as well. */
  steady = 0;
  /** Requests that sample in this step but not in the step before. */
  readonly joining: number[] = [];
  /** Requests whose last token this step samples. */
  readonly ending: number[] = [];
  /** Requests that leave the steady ones after this step, without having ended. */
  readonly leaving: number[] = [];
  /** When its tokens were at the client; NaN until then. */
  deliveredNs = NaN;
  /** The engine asks no more about it. */
  isDone = false;

  constructor(public id: number) {}

  /** Becomes another step, which has done nothing. */
  restart(id: number): void {
    this.id = id;
    this.scheduledRequests = this.scheduledTokens = 0;
    this.decodeRequests = this.decodeContextTokens = 0;
    this.prefillRequests = this.prefillTokens = this.prefillContextTokens = this.prefillAttentionPairs = 0;
    this.promptRests = this.firstTokens = this.steady = 0;
    shorten(this.admitted, 0);
    shorten(this.cachedTokens, 0);
    shorten(this.preempted, 0);
    shorten(this.joining, 0);
    shorten(this.ending, 0);
    shorten(this.leaving, 0);
    this.deliveredNs = NaN;
    this.isDone = false;
  }

  /** Whether all it did was decode the same requests as the step before. */
  get isSteadyOnly(): boolean {
    return (
      this.steady === this.scheduledRequests &&
      this.joining.length === 0 &&
      this.ending.length === 0 &&
      this.leaving.length === 0
    );
  }

  get samplingRequests(): number {
    return this.steady + this.joining.length;
  }

  decodes(requests: number, contextTokens: number): void {
    this.decodeRequests += requests;
    this.decodeContextTokens += contextTokens;
    this.scheduledRequests += requests;
    this.scheduledTokens += requests;
  }

  /** `tokens` of a prefill after `computed` cached ones; it ends at `end`. */
  prefills(tokens: number, computed: number, end: number): void {
    if (tokens === 1 && computed > 0 && computed + 1 === end) this.promptRests++;
    this.prefillRequests++;
    this.prefillTokens += tokens;
    this.prefillContextTokens += computed;
    this.prefillAttentionPairs += attentionPairs(tokens, computed);
    this.scheduledRequests++;
    this.scheduledTokens += tokens;
  }

  admit(request: number, cachedTokens: number): void {
    this.admitted.push(request);
    this.cachedTokens.push(cachedTokens);
  }

  preempt(request: number): void {
    this.preempted.push(request);
  }

  join(request: number, isFirstToken: boolean): void {
    if (isFirstToken) this.firstTokens++;
    this.joining.push(request);
  }

  end(request: number): void {
    this.ending.push(request);
  }

  leave(request: number): void {
    this.leaving.push(request);
  }
}
