/** Steps from when they are scheduled to when their tokens are with the clients; as in count-step.ts. */
import { emptyRoom, room } from "./memory.as";
import { Request } from "./requests.as";

@unmanaged
export class Step {
  decodeContextTokens: f64;
  prefillContextTokens: f64;
  attentionPairs: f64;
  /** When the engine had its results, and when its tokens were with the clients; NaN: not yet. */
  updatedNs: f64;
  deliveredNs: f64;
  requests: i32;
  tokens: i32;
  decodeRequests: i32;
  prefillRequests: i32;
  prefillTokens: i32;
  promptRests: i32;
  firstTokens: i32;
  preempted: i32;
  /** Requests that sample in it and sampled in the step before as well. */
  steady: i32;
  /** Those that sample, but did not in the step before; whose last token it samples; that leave the steady ones after it. */
  joins: u32;
  joinFrom: u32;
  ends: u32;
  endFrom: u32;
  leaves: u32;
  leaveFrom: u32;
  isDone: bool;
  spare: Step | null;

  @inline get samplingRequests(): i32 {
    return this.steady + <i32>this.joins;
  }

  /** Whether all it did was decode the same requests as the step before. */
  @inline get isSteadyOnly(): bool {
    return this.steady === this.requests && (this.joins | this.ends | this.leaves) === 0;
  }

  @inline decodes(requests: i32, contextTokens: f64): void {
    this.decodeRequests += requests;
    this.decodeContextTokens += contextTokens;
    this.requests += requests;
    this.tokens += requests;
  }

  /** `tokens` of a prefill after `computed` ones; it ends at `end`. */
  prefills(tokens: i32, computed: i32, end: i32): void {
    if (tokens === 1 && computed > 0 && computed + 1 === end) this.promptRests++;
    this.prefillRequests++;
    this.prefillTokens += tokens;
    this.prefillContextTokens += <f64>computed;
    this.attentionPairs += <f64>tokens * <f64>computed + (<f64>tokens * (<f64>tokens + 1)) / 2;
    this.requests++;
    this.tokens += tokens;
  }

  join(request: Request, isFirstToken: bool): void {
    if (isFirstToken) this.firstTokens++;
    joining.push(request);
    this.joins++;
  }

  end(request: Request): void {
    ending.push(request);
    this.ends++;
  }

  leave(request: Request): void {
    if (this.leaves === 0) this.leaveFrom = leaving.tail;
    leaving.push(request);
    this.leaves++;
  }
}

/** Requests of steps, those of a step side by side: a ring, which steps leave in the order in which they were made. */
@unmanaged
export class StepRequests {
  entries: usize;
  head: u32;
  tail: u32;
  mask: u32;

  begin(): void {
    this.entries = room(<usize>FEW * sizeof<usize>());
    this.head = this.tail = 0;
    this.mask = FEW - 1;
  }

  @inline at(place: u32): Request {
    return changetype<Request>(load<usize>(this.entry(place)));
  }

  @inline put(place: u32, request: Request): void {
    store<usize>(this.entry(place), changetype<usize>(request));
  }

  push(request: Request): void {
    if (this.tail - this.head > this.mask) this.grow();
    store<usize>(this.entry(this.tail++), changetype<usize>(request));
  }

  /** A step is over that had so many from `from` on. */
  @inline leave(from: u32, count: u32): void {
    if (count > 0) this.head = from + count;
  }

  @inline private entry(place: u32): usize {
    return this.entries + <usize>(place & this.mask) * sizeof<usize>();
  }

  /** Places stay what they are. */
  private grow(): void {
    const entries = this.entries;
    const mask = this.mask;
    const larger = 2 * mask + 1;
    const grown = room(<usize>(larger + 1) * sizeof<usize>());
    for (let place = this.head; place !== this.tail; place++) {
      const from = entries + <usize>(place & mask) * sizeof<usize>();
      store<usize>(grown + <usize>(place & larger) * sizeof<usize>(), load<usize>(from));
    }
    this.entries = grown;
    this.mask = larger;
  }
}
const FEW: u32 = 64;
const JOINING_AT = memory.data(offsetof<StepRequests>(), 16);
const ENDING_AT = memory.data(offsetof<StepRequests>(), 16);
const LEAVING_AT = memory.data(offsetof<StepRequests>(), 16);
export const joining = changetype<StepRequests>(JOINING_AT);
export const ending = changetype<StepRequests>(ENDING_AT);
export const leaving = changetype<StepRequests>(LEAVING_AT);

@unmanaged
class Pool {
  spare: Step | null;
  latest: Step | null;
}
const POOL_AT = memory.data(offsetof<Pool>(), 16);
const pool = changetype<Pool>(POOL_AT);

export function beginSteps(): void {
  pool.spare = pool.latest = null;
  joining.begin();
  ending.begin();
  leaving.begin();
}

/** A step that has done nothing. */
export function newStep(): Step {
  let step = pool.spare;
  if (step === null) step = changetype<Step>(emptyRoom(offsetof<Step>()));
  else {
    pool.spare = step.spare;
    memory.fill(changetype<usize>(step), 0, offsetof<Step>());
  }
  step.deliveredNs = NaN;
  step.joinFrom = joining.tail;
  step.endFrom = ending.tail;
  return step;
}

/** The step that was scheduled last; there is one. */
export function latestStep(): Step {
  return pool.latest!;
}

/** The step is the latest from now on. */
export function follows(step: Step): void {
  const latest = pool.latest;
  if (latest !== null && latest.isDone) free(latest);
  pool.latest = step;
}

/** The engine asks no more about a step. */
export function done(step: Step): void {
  step.isDone = true;
  if (step !== pool.latest) free(step);
}

function free(step: Step): void {
  step.spare = pool.spare;
  pool.spare = step;
}
