/** A step as the count scheduler keeps it: sums for the cost model, and the few requests that are not steady in it. */
import { attentionPairs, type EngineStep } from "../../step.js";

const nobody: readonly number[] = [];

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
  admitted: number[] = nobody as number[];
  cachedTokens: number[] = nobody as number[];
  preempted: number[] = nobody as number[];
  /** Requests that sample in this step and sampled in the step before as well. */
  steady = 0;
  /** Requests that sample in this step but not in the step before. */
  joining: number[] = nobody as number[];
  /** Requests whose last token this step samples. */
  ending: number[] = nobody as number[];
  /** Requests that leave the steady ones after this step, without having ended. */
  leaving: number[] = nobody as number[];
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
    this.admitted = this.cachedTokens = this.preempted = nobody as number[];
    this.joining = this.ending = this.leaving = nobody as number[];
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
    if (this.admitted === nobody) {
      this.admitted = [request];
      this.cachedTokens = [cachedTokens];
      return;
    }
    this.admitted.push(request);
    this.cachedTokens.push(cachedTokens);
  }

  preempt(request: number): void {
    if (this.preempted === nobody) this.preempted = [request];
    else this.preempted.push(request);
  }

  join(request: number, isFirstToken: boolean): void {
    if (isFirstToken) this.firstTokens++;
    if (this.joining === nobody) this.joining = [request];
    else this.joining.push(request);
  }

  end(request: number): void {
    if (this.ending === nobody) this.ending = [request];
    else this.ending.push(request);
  }

  leave(request: number): void {
    if (this.leaving === nobody) this.leaving = [request];
    else this.leaving.push(request);
  }
}
