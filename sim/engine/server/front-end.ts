/**
 * The process between clients and engine: one server, first come first served. A request is handled, then goes round
 * the event loop a few times, each time behind what waits there. Engine outputs that wait together are handled as one
 * job, which is how tokens of several steps reach a client in one chunk. A job writes chunk after chunk: its tokens are
 * reported when half of its chunks are written, and firsts are written last. Times in whole ns.
 */
import type { FrontEndCost, OutputJob } from "../../cost/index.js";
import { Fifo, TimedRing } from "../../kernel/index.js";
import { FrontEndRequests } from "./front-end-requests.js";

/** Callbacks of the front end. */
export interface FrontEndExits<Output> {
  requestReady(index: number, arrivedNs: number, atNs: number): void;
  /** `firstLateNs`: how much later the first chunks of new requests come, which are written at the end of the job. */
  delivered(output: Output, atNs: number, firstLateNs: number): void;
}

/** An engine output on its way: what it costs follows from its tokens, some the first of their request. */
export interface OutputToSend {
  readonly tokens: number;
  readonly firstTokens: number;
  /** Whether some request is complete with it. */
  readonly completes: boolean;
  /** The engine that sent it, of several; absent: the only one. */
  readonly rank?: number;
}

/** In the queue: all outputs that wait when they are served; else the slot of a request. */
const OUTPUTS = -1;

/** What is in service: nothing; a request; outputs, until they are reported, and the rest of their job. */
const NOTHING = 0;
const REQUEST = 1;
const TELLING = 2;
const REST = 3;

export class FrontEnd<Output extends OutputToSend> {
  /** Time of all jobs begun, ns. */
  busyNs = 0;
  private freeNs = 0;
  private readonly requests = new FrontEndRequests();
  /** Jobs in the order in which they joined. */
  private readonly queue = new TimedRing();
  /** Requests, by index, that have not joined the queue. */
  private readonly arrivals = new TimedRing();
  /** Requests on a turn round the event loop, and when they are back; the last of them at `turnedNs`. */
  private readonly turning = new TimedRing();
  private turnedNs = 0;
  private readonly outputs = new Fifo<Output>();
  /** When those of `outputs` were sent that have not joined the queue. */
  private readonly sent = new TimedRing();
  /** Of `outputs`, from the front: those in service, then those that wait in the queue. */
  private servedOutputs = 0;
  private waitingOutputs = 0;
  private serving = NOTHING;
  private request = 0;
  private servedNs = 0;
  /** What happens up to and at this time is done. */
  private untilNs = 0;
  /** What the outputs in service take beyond `servedNs`. */
  private restNs = 0;
  /**
   * How much later than the others of the job first chunks come, and whether there are any; whether a request is
   * complete.
   */
  firstLateNs = 0;
  private hasLateFirsts = false;
  private completes = false;
  /** The job that outputs make: one object for all of them. */
  private readonly job = { tokens: 0, chunks: 0, firstTokens: 0 };
  /** Tokens of the largest output of a job, by engine. */
  private readonly mostOfRank: number[] = [];

  /** `promptTokens`: of each request, by its index. */
  constructor(
    private readonly cost: FrontEndCost,
    private readonly promptTokens: Int32Array,
    private readonly exits: FrontEndExits<Output>,
  ) {}

  /** A request comes in at a time that may be far ahead; times do not go back. */
  arrive(index: number, atNs: number): void {
    this.arrivals.push(index, atNs);
  }

  /** When the next request comes in, of those known. */
  get nextRequestNs(): number {
    return this.arrivals.nextNs;
  }

  /** The engine sends an output; times do not go back. At one instant outputs come before requests. */
  send(output: Output, atNs: number): void {
    this.outputs.push(output);
    this.sent.push(OUTPUTS, atNs);
  }

  /** When something happens next; Infinity when nothing will by itself. */
  nextNs(): number {
    if (this.serving !== NOTHING) return this.servedNs;
    return this.queue.length > 0 ? this.freeNs : Math.max(this.freeNs, this.nextArrivalNs());
  }

  /** Whether all it has is outputs in service, or nothing, so that until a request comes in only time changes it. */
  hasOnlyServedOutputs(): boolean {
    return this.requests.length === 0 && this.sent.length === 0 && this.queue.length === 0;
  }

  /** A time before which no request ends of which the engine has sent the last output; Infinity: there is none. */
  quietUntilNs(): number {
    if (this.servedComplete()) return this.servedNs;
    const { outputs, servedOutputs, waitingOutputs } = this;
    for (let at = servedOutputs; at < outputs.length; at++) {
      if (!outputs.peek(at)!.completes) continue;
      return at < servedOutputs + waitingOutputs ? this.nextNs() : Math.max(this.nextNs(), this.sent.nextNs);
    }
    return Infinity;
  }

  /** Whether outputs in service that are not reported yet complete a request. */
  servedComplete(): boolean {
    return this.serving === TELLING && this.completes;
  }

  /** From when on it is free if nothing else comes. */
  isFreeFromNs(): number {
    if (this.serving === NOTHING) return this.freeNs;
    return this.serving === TELLING ? this.servedNs + this.restNs : this.servedNs;
  }

  /**
   * Whether all it has is outputs in service that end by `atNs`, complete no request and leave no first chunk behind,
   * or nothing.
   */
  isFreeBy(atNs: number): boolean {
    const leavesNothing = this.serving !== TELLING || !(this.completes || this.hasLateFirsts);
    const isAlone = this.hasOnlyServedOutputs() && this.arrivals.nextNs >= atNs;
    return leavesNothing && isAlone && this.isFreeFromNs() <= atNs;
  }

  /**
   * Ends the output in service before its time has come, when nothing can change it. Nothing joins the queue: outputs may still
   * be sent that come before a request that is known already.
   */
  endOutput(): void {
    const { serving, servedNs } = this;
    this.freeNs = this.isFreeFromNs();
    this.serving = NOTHING;
    this.restNs = 0;
    if (serving === TELLING) this.tell(servedNs);
  }

  /** Outputs were handled, the last until `endNs` and in all for `busyNs`, without being sent through here. */
  skipTo(endNs: number, busyNs: number): void {
    this.freeNs = endNs;
    this.busyNs += busyNs;
  }

  /**
   * How long a step's decodes take where times do not vary, and how much of it comes after half of them are written.
   */
  decodesNs(requests: number): { readonly ns: number; readonly restNs: number } {
    const job = { tokens: requests, chunks: requests, firstTokens: 0 };
    return { ns: this.cost.outputNs(job, 0), restNs: this.cost.restNs(job) };
  }

  /** Does all up to and at `atNs`; stops when a request is ready for the engine or complete, and returns true. */
  runUntil(atNs: number): boolean {
    this.untilNs = atNs;
    for (;;) {
      if (this.serving !== NOTHING) {
        if (this.servedNs > this.untilNs) return false;
        if (this.end()) return true;
      } else if (this.queue.length > 0) {
        const job = this.queue.shift();
        if (job === OUTPUTS) this.beginOutputs();
        else if (this.serveInTurn(job)) return true;
      } else {
        const startNs = Math.max(this.freeNs, this.nextArrivalNs());
        if (startNs > this.untilNs || startNs === Infinity) return false;
        this.freeNs = startNs;
        if (!this.isForOne()) this.join();
        else if (this.serveAlone()) return true;
      }
    }
  }

  /** Whether all that is here at `freeNs` is one request, come in or back from a turn. */
  private isForOne(): boolean {
    const { sent, arrivals, requests, freeNs } = this;
    if (sent.nextNs <= freeNs) return false;
    if (arrivals.nextNs > freeNs) return requests.length === 1;
    return requests.length === 0 && arrivals.secondNs > freeNs;
  }

  /** The request that came in first gets a slot. */
  private admit(): number {
    const atNs = this.arrivals.nextNs;
    return this.requests.add(this.arrivals.shift(), atNs);
  }

  /**
   * The only request goes its way from `freeNs` on, as far as nothing else comes and not beyond `untilNs`; true when it
   * is ready for the engine.
   */
  private serveAlone(): boolean {
    const { arrivals, turning, requests, cost, untilNs } = this;
    const slot = turning.length > 0 ? turning.shift() : this.admit();
    const otherNs = Math.min(this.sent.nextNs, arrivals.nextNs);
    let nowNs = this.freeNs;
    let { busyNs, turnedNs } = this;
    let isReady = false;
    for (;;) {
      const servedNs = nowNs + this.serviceNs(slot, nowNs);
      busyNs += servedNs - nowNs;
      if (servedNs >= otherNs || servedNs > untilNs) {
        this.serving = REQUEST;
        this.request = slot;
        this.servedNs = servedNs;
        break;
      }
      nowNs = servedNs;
      isReady = ++requests.served[slot]! > cost.hops;
      if (isReady) break;
      const gapNs = cost.hopGapNs(nowNs);
      if (gapNs === 0) continue;
      turnedNs = Math.max(turnedNs, nowNs + gapNs);
      if (turnedNs >= otherNs || turnedNs > untilNs) {
        turning.push(slot, turnedNs);
        break;
      }
      nowNs = turnedNs;
    }
    this.busyNs = busyNs;
    this.turnedNs = turnedNs;
    this.freeNs = nowNs;
    if (isReady) this.leave(slot);
    return isReady;
  }

  private nextArrivalNs(): number {
    return Math.min(this.arrivals.nextNs, this.turning.nextNs, this.sent.nextNs);
  }

  /** All that came by `freeNs` joins the queue in the order of coming. */
  private join(): void {
    const { arrivals, turning, sent, queue, freeNs } = this;
    for (;;) {
      if (sent.nextNs <= freeNs && sent.nextNs <= turning.nextNs && sent.nextNs <= arrivals.nextNs) {
        const { nextNs } = sent;
        sent.shift();
        if (this.waitingOutputs++ === 0) queue.push(OUTPUTS, nextNs);
      } else if (turning.nextNs <= freeNs && turning.nextNs <= arrivals.nextNs) {
        const { nextNs } = turning;
        queue.push(turning.shift(), nextNs);
      } else if (arrivals.nextNs <= freeNs) {
        const { nextNs } = arrivals;
        queue.push(this.admit(), nextNs);
      } else return;
    }
  }

  /**
   * Requests from the queue one after the other, from `freeNs` on with that in `slot`; up to `untilNs`, or until an output has
   * its turn. True when one is ready for the engine.
   */
  private serveInTurn(slot: number): boolean {
    const { queue, untilNs } = this;
    let nowNs = this.freeNs;
    for (;;) {
      const servedNs = nowNs + this.serviceNs(slot, nowNs);
      this.busyNs += servedNs - nowNs;
      if (servedNs > untilNs) {
        this.serving = REQUEST;
        this.request = slot;
        this.servedNs = servedNs;
        return false;
      }
      nowNs = servedNs;
      this.freeNs = nowNs;
      if (this.nextArrivalNs() <= nowNs) this.join();
      if (this.endRequest(slot)) return true;
      if (queue.length === 0) return false;
      slot = queue.shift();
      if (slot === OUTPUTS) {
        this.beginOutputs();
        return false;
      }
    }
  }

  private serviceNs(slot: number, atNs: number): number {
    const { requests, cost, promptTokens } = this;
    return requests.served[slot] === 0 ? cost.requestNs(promptTokens[requests.index[slot]!]!, atNs) : cost.hopNs(atNs);
  }

  private beginOutputs(): void {
    const { cost, freeNs: atNs } = this;
    this.serving = TELLING;
    this.servedOutputs = this.waitingOutputs;
    this.waitingOutputs = 0;
    const job = this.jobOfServed();
    this.restNs = cost.restNs(job);
    this.firstLateNs = this.restNs + cost.firstWaitNs(job);
    this.hasLateFirsts = job.firstTokens > 0 && this.firstLateNs > 0;
    const ns = cost.outputNs(job, atNs);
    this.servedNs = atNs + ns - this.restNs;
    this.busyNs += ns;
  }

  /** Outputs of one engine one after the other are mostly of the same requests: their chunks are taken to be those of the largest. */
  private jobOfServed(): OutputJob {
    const { job, mostOfRank } = this;
    if (this.servedOutputs === 1) {
      const { tokens, firstTokens, completes } = this.outputs.peek()!;
      job.tokens = job.chunks = tokens;
      job.firstTokens = firstTokens;
      this.completes = completes;
      return job;
    }
    job.tokens = job.chunks = job.firstTokens = 0;
    this.completes = false;
    for (let rank = 0; rank < mostOfRank.length; rank++) mostOfRank[rank] = 0;
    for (let at = 0; at < this.servedOutputs; at++) {
      const { tokens, firstTokens, completes, rank = 0 } = this.outputs.peek(at)!;
      job.tokens += tokens;
      const most = mostOfRank[rank] ?? 0;
      if (tokens > most) {
        job.chunks += tokens - most;
        mostOfRank[rank] = tokens;
      }
      job.firstTokens += firstTokens;
      if (completes) this.completes = true;
    }
    return job;
  }

  /** Ends what is in service at `servedNs`; true when a request is ready for the engine or complete. */
  private end(): boolean {
    const { serving } = this;
    if (serving === TELLING) {
      const toldNs = this.servedNs;
      if (this.restNs > 0) {
        this.serving = REST;
        this.servedNs = toldNs + this.restNs;
      } else this.becomeFree();
      this.tell(toldNs);
      return this.completes;
    }
    this.becomeFree();
    return serving === REQUEST && this.endRequest(this.request);
  }

  private becomeFree(): void {
    this.serving = NOTHING;
    this.restNs = 0;
    this.freeNs = this.servedNs;
    if (this.nextArrivalNs() <= this.freeNs) this.join();
  }

  private tell(atNs: number): void {
    for (; this.servedOutputs > 0; this.servedOutputs--) {
      this.exits.delivered(this.outputs.shift()!, atNs, this.firstLateNs);
    }
  }

  /** A request is ready for the engine at `freeNs`. */
  private leave(slot: number): void {
    const { index, arrivedNs } = this.requests;
    this.exits.requestReady(index[slot]!, arrivedNs[slot]!, this.freeNs);
    this.requests.release(slot);
  }

  /** A request was served until `freeNs`: true if it is ready for the engine; else it goes round the event loop. */
  private endRequest(slot: number): boolean {
    const { requests, freeNs } = this;
    if (++requests.served[slot]! > this.cost.hops) {
      this.leave(slot);
      return true;
    }
    const gapNs = this.cost.hopGapNs(freeNs);
    if (gapNs === 0) this.queue.push(slot, freeNs);
    else {
      // It does not overtake the one before it.
      this.turnedNs = Math.max(this.turnedNs, freeNs + gapNs);
      this.turning.push(slot, this.turnedNs);
    }
    return false;
  }
}
