/** A step: sums for the cost model, and the few requests that it does not merely carry on with. */
import type { i32 } from "../../../kernel/numbers.js";
import type { Request } from "./request.js";
import { RequestList } from "./request-list.js";

/** What a request does in a step, where that is asked for. */
export class Work {
  samples: boolean = false;
  prefills: boolean = false;
  /** It has ended or was given up before the step's results were there: its token is lost. */
  isLost: boolean = false;

  /** `past`: tokens computed before. */
  constructor(
    readonly request: Request,
    readonly index: i32,
    readonly tokens: i32,
    readonly past: i32,
  ) {}
}

export class Step {
  id: number = 0;
  decodeContextTokens: number = 0;
  prefillContextTokens: number = 0;
  prefillAttentionPairs: number = 0;
  /** When the engine had its results, and when its tokens were with the clients; NaN: not yet. */
  updatedNs: number = NaN;
  deliveredNs: number = NaN;
  scheduledRequests: i32 = 0;
  scheduledTokens: i32 = 0;
  decodeRequests: i32 = 0;
  prefillRequests: i32 = 0;
  prefillTokens: i32 = 0;
  /** Prefill chunks of one token, the last of its prompt, over an existing context. */
  promptRests: i32 = 0;
  firstTokens: i32 = 0;
  /** Requests that sample in it and sampled in the step before as well, and those of them whose token is lost. */
  steady: i32 = 0;
  lost: i32 = 0;
  /** Requests that sample, but did not in the step before; whose last token it samples; that leave the steady ones after it. */
  readonly joining: RequestList = new RequestList();
  readonly ending: RequestList = new RequestList();
  readonly leaving: RequestList = new RequestList();
  /** Requests admitted, new or resumed; and put back. */
  readonly admissions: RequestList = new RequestList();
  readonly preemptions: RequestList = new RequestList();
  /** In scheduling order, of a scheduler that says who does what. */
  readonly work: Work[] = new Array<Work>();
  isUpdated: boolean = false;
  /** The engine asks no more about it. */
  isDone: boolean = false;
  spare: Step | null = null;

  /** Becomes another step, which has done nothing. */
  restart(id: number): void {
    this.id = id;
    this.decodeContextTokens = 0;
    this.prefillContextTokens = 0;
    this.prefillAttentionPairs = 0;
    this.updatedNs = NaN;
    this.deliveredNs = NaN;
    this.scheduledRequests = 0;
    this.scheduledTokens = 0;
    this.decodeRequests = 0;
    this.prefillRequests = 0;
    this.prefillTokens = 0;
    this.promptRests = 0;
    this.firstTokens = 0;
    this.steady = 0;
    this.lost = 0;
    this.joining.clear();
    this.ending.clear();
    this.leaving.clear();
    this.admissions.clear();
    this.preemptions.clear();
    while (this.work.length > 0) this.work.pop();
    this.isUpdated = false;
    this.isDone = false;
  }

  /** Indices of the requests admitted, how many tokens of each were cached, and of those put back. */
  get admitted(): i32[] {
    return indicesOf(this.admissions);
  }

  get cachedTokens(): i32[] {
    const tokens = new Array<i32>();
    for (let at = 0; at < this.admissions.count; at++) tokens.push(this.admissions.at(at).hitTokens);
    return tokens;
  }

  get preempted(): i32[] {
    return indicesOf(this.preemptions);
  }

  get samplingRequests(): i32 {
    return this.steady + this.joining.count;
  }

  /** Whether all it did was decode the same requests as the step before. */
  get isSteadyOnly(): boolean {
    return this.steady === this.scheduledRequests && this.joining.count + this.ending.count + this.leaving.count === 0;
  }

  decodes(requests: i32, contextTokens: number): void {
    this.decodeRequests += requests;
    this.decodeContextTokens += contextTokens;
    this.scheduledRequests += requests;
    this.scheduledTokens += requests;
  }

  /** `tokens` of a prefill after `computed` ones; it ends at `end`. */
  prefills(tokens: i32, computed: i32, end: i32): void {
    if (tokens === 1 && computed > 0 && computed + 1 === end) this.promptRests++;
    const context: number = computed;
    const queries: number = tokens;
    this.prefillRequests++;
    this.prefillTokens += tokens;
    this.prefillContextTokens += context;
    this.prefillAttentionPairs += queries * context + (queries * (queries + 1)) / 2;
    this.scheduledRequests++;
    this.scheduledTokens += tokens;
  }

  /** What a request does in it, where it says so; null: nothing. */
  workOf(request: Request): Work | null {
    for (let at = 0; at < this.work.length; at++) if (this.work[at]!.request === request) return this.work[at]!;
    return null;
  }

  join(request: Request, isFirstToken: boolean): void {
    if (isFirstToken) this.firstTokens++;
    this.joining.push(request);
  }
}

function indicesOf(list: RequestList): i32[] {
  const indices = new Array<i32>();
  for (let at = 0; at < list.count; at++) indices.push(list.at(at).index);
  return indices;
}

/** Steps to be used again, and the one that was scheduled last. */
export class StepPool {
  latest: Step | null = null;
  private spare: Step | null = null;
  private readonly isKept: boolean;

  /** `isKept`: whether a step may be looked at after the engine is done with it. */
  constructor(isKept: boolean) {
    this.isKept = isKept;
  }

  take(id: number): Step {
    let step = this.spare;
    if (step === null) step = new Step();
    else this.spare = step.spare;
    step.restart(id);
    return step;
  }

  /** The step is the latest from now on. */
  follows(step: Step): void {
    const latest = this.latest;
    if (latest !== null && latest.isDone) this.give(latest);
    this.latest = step;
  }

  /** The engine asks no more about a step. */
  done(step: Step): void {
    step.isDone = true;
    if (step !== this.latest) this.give(step);
  }

  private give(step: Step): void {
    if (this.isKept) return;
    step.spare = this.spare;
    this.spare = step;
  }
}
