/** A request from when it reaches the server until its last token is with the client. */
import type { i32 } from "../../../kernel/numbers.js";

/** What the scheduler does with it. */
export const GONE: i32 = 0;
export const WAITING: i32 = 1;
/** Running, with more than one known token to compute, or newly so. */
export const PREFILLING: i32 = 2;
/** Running and steady: computes one token in every pass. */
export const STEADY: i32 = 3;
/** Running, past its prefill, and passed over in the latest pass for lack of budget or blocks. */
export const STARVED: i32 = 4;
/** Running, its last token scheduled; leaves when that step is updated. */
export const DRAINING: i32 = 5;

export class Request {
  /** Times, ns; NaN: not yet. When the front end had it, the engine took it in, and a pass first admitted it. */
  arrivedNs: number = NaN;
  takenNs: number = NaN;
  scheduledNs: number = NaN;
  /** Its first and latest tokens: at the client, and as the engine had them. */
  firstTokenNs: number = NaN;
  lastTokenNs: number = NaN;
  serverFirstNs: number = NaN;
  serverLastNs: number = NaN;
  /** Of a steady one: computed tokens minus the passes so far. */
  base: number = 0;
  /** Its place in the workload. */
  index: i32 = 0;
  promptTokens: i32 = 0;
  /** Outputs after which it ends. */
  outputTokens: i32 = 0;
  /** Whether the scheduler knows that it ends there; otherwise it goes on until it has seen the last one. */
  isEndKnown: boolean = true;
  /** How often the front end has served it. */
  served: i32 = 0;
  state: i32 = GONE;
  /** Tokens whose KV is computed or being computed; of a steady one the body knows. */
  computed: i32 = 0;
  /** Known tokens to compute before the next one is sampled. */
  target: i32 = 0;
  preemptions: i32 = 0;
  /** Tokens that were in the prefix cache when it was admitted first. */
  cachedTokens: i32 = 0;
  /** Those at its latest admission. */
  hitTokens: i32 = 0;
  /** Its place among all admissions. */
  admission: i32 = 0;
  /** Of a steady one: where it needs its next block, and the bucket of the pass that schedules its last token; -1: none. */
  residue: i32 = 0;
  bucket: i32 = -1;
  /** Neighbours in the running list, and in its bucket. */
  next: Request | null = null;
  previous: Request | null = null;
  bucketNext: Request | null = null;
  bucketPrevious: Request | null = null;

  /** Becomes another one, which has done nothing. */
  restart(index: i32, promptTokens: i32, outputTokens: i32): void {
    this.arrivedNs = NaN;
    this.takenNs = NaN;
    this.scheduledNs = NaN;
    this.firstTokenNs = NaN;
    this.lastTokenNs = NaN;
    this.serverFirstNs = NaN;
    this.serverLastNs = NaN;
    this.index = index;
    this.promptTokens = promptTokens;
    this.outputTokens = outputTokens;
    this.isEndKnown = true;
    this.served = 0;
    this.state = GONE;
    this.computed = 0;
    this.preemptions = 0;
    this.cachedTokens = 0;
  }
}

/** Requests to be used again. */
export class RequestPool {
  private spare: Request | null = null;

  /** A request that has done nothing. */
  take(index: i32, promptTokens: i32, outputTokens: i32): Request {
    let request = this.spare;
    if (request === null) request = new Request();
    else this.spare = request.next;
    request.restart(index, promptTokens, outputTokens);
    return request;
  }

  /** Nobody has it any more. */
  give(request: Request): void {
    request.next = this.spare;
    this.spare = request;
  }
}
