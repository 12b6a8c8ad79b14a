/**
 * The process between clients and engine: one server, first come first served. A request is handled, then goes round the
 * event loop a few times, each time behind what waits there. Engine outputs that wait together are handled as one job,
 * which is how tokens of several steps reach a client in one chunk. A job writes chunk after chunk: its tokens are told of
 * when half of its chunks are written, and firsts are written last. Times in whole ns.
 */
import type { FrontEndCost, OutputJob } from "../cost/index.js";
import { Fifo } from "../kernel/index.js";

/** What the front end hands on. */
export interface FrontEndExits<Output> {
  requestReady(index: number, arrivedNs: number, atNs: number): void;
  /** `firstLateNs`: how much later the first chunks of new requests come, which are written at the end of the job. */
  delivered(output: Output, atNs: number, firstLateNs: number): void;
}

interface RequestJob {
  readonly index: number;
  readonly promptTokens: number;
  /** When it came in. */
  readonly atNs: number;
  /** Hops left once it has been handled; changes as it goes round. */
  hopsLeft: number;
  isHandled: boolean;
}

/** An engine output on its way: what it costs follows from its tokens, some the first of their request. */
export interface OutputToSend {
  readonly tokens: number;
  readonly firstTokens: number;
  /** Whether some request is complete with it. */
  readonly completes: boolean;
}

interface PendingOutput<Output extends OutputToSend> {
  readonly output: Output;
  readonly atNs: number;
}

export class FrontEnd<Output extends OutputToSend> {
  /** Time of all jobs begun, ns. */
  busyNs = 0;
  private freeNs = 0;
  /** Jobs in the order in which they joined; "outputs" stands for all outputs waiting when it is served. */
  private readonly queue = new Fifo<RequestJob | "outputs">();
  private readonly arrivals = new Fifo<RequestJob>();
  /** Requests on a turn round the event loop, and when they are back. */
  private readonly turning = new Fifo<{ readonly job: RequestJob; readonly atNs: number }>();
  /** When the last of them is back. */
  private turnedNs = 0;
  private readonly outputs = new Fifo<PendingOutput<Output>>();
  /** Outputs, from the front of `outputs`, that wait in the queue. */
  private waitingOutputs = 0;
  /** What is in service until `servedNs`: a request or outputs; neither when the server is idle. */
  private request: RequestJob | undefined;
  private served: readonly PendingOutput<Output>[] | undefined;
  private servedNs = 0;
  /** What the outputs in service, or told of just now, take beyond `servedNs`. */
  private restNs = 0;
  /** How much later than the others of the job first chunks come, and whether there are any. */
  private firstLateNs = 0;
  private hasLateFirsts = false;

  constructor(
    private readonly cost: FrontEndCost,
    private readonly exits: FrontEndExits<Output>,
  ) {}

  /** A request comes in; times do not go back. */
  arrive(index: number, promptTokens: number, atNs: number): void {
    this.arrivals.push({ index, promptTokens, atNs, hopsLeft: this.cost.hops, isHandled: false });
  }

  /** The engine sends an output; times do not go back. At one instant outputs come before requests. */
  send(output: Output, atNs: number): void {
    this.outputs.push({ output, atNs });
  }

  /** When something happens next; Infinity when nothing will by itself. */
  nextNs(): number {
    if (this.isServing()) return this.servedNs;
    return this.queue.length > 0 ? this.freeNs : Math.max(this.freeNs, this.nextArrivalNs());
  }

  /** Whether all it has is outputs in service that end by `atNs`, complete no request and leave no first chunk behind, or nothing. */
  isFreeBy(atNs: number): boolean {
    if (this.arrivals.length > 0 || this.turning.length > 0 || this.outputs.length > 0 || this.queue.length > 0)
      return false;
    if (!this.isServing()) return this.freeNs <= atNs;
    if (this.request !== undefined) return false;
    // Told of already: only the rest of its job is in service.
    if (this.served === undefined) return this.servedNs <= atNs;
    return this.servedNs + this.restNs <= atNs && !this.hasLateFirsts && !completes(this.served);
  }

  /** Ends the output in service before its time has come, when isFreeBy says that nothing can change it. */
  endOutput(): void {
    while (this.isServing()) this.end();
  }

  /** Outputs were handled, the last until `endNs` and in all for `busyNs`, without being sent through here. */
  skipTo(endNs: number, busyNs: number): void {
    this.freeNs = endNs;
    this.busyNs += busyNs;
  }

  /** How long a step's decodes take where times do not vary, and how much of it comes after half of them are written. */
  decodesNs(requests: number): { readonly ns: number; readonly restNs: number } {
    const job = { tokens: requests, chunks: requests, firstTokens: 0 };
    return { ns: this.cost.outputNs(job, 0), restNs: this.cost.restNs(job) };
  }

  /** Does all up to and at `atNs`; stops when a request is ready for the engine or complete, and returns true. */
  runUntil(atNs: number): boolean {
    for (;;) {
      while (this.isServing()) {
        if (this.servedNs > atNs) return false;
        if (this.end()) return true;
      }
      if (this.queue.length === 0) {
        const startNs = Math.max(this.freeNs, this.nextArrivalNs());
        if (startNs > atNs || startNs === Infinity) return false;
        this.freeNs = startNs;
        this.join(startNs);
      }
      this.begin();
    }
  }

  private nextArrivalNs(): number {
    const outputNs = this.outputs.peek(this.waitingOutputs)?.atNs ?? Infinity;
    return Math.min(this.arrivals.peek()?.atNs ?? Infinity, this.turning.peek()?.atNs ?? Infinity, outputNs);
  }

  /** All that came by `atNs` joins the queue in the order of coming. */
  private join(atNs: number): void {
    for (let nextNs = this.nextArrivalNs(); nextNs <= atNs; nextNs = this.nextArrivalNs()) {
      if (this.outputs.peek(this.waitingOutputs)?.atNs === nextNs) {
        if (this.waitingOutputs++ === 0) this.queue.push("outputs");
      } else if (this.turning.peek()?.atNs === nextNs) {
        this.queue.push(this.turning.shift()!.job);
      } else {
        this.queue.push(this.arrivals.shift()!);
      }
    }
  }

  private begin(): void {
    const job = this.queue.shift()!;
    const { cost, freeNs } = this;
    if (job === "outputs") {
      const taken: PendingOutput<Output>[] = [];
      for (; this.waitingOutputs > 0; this.waitingOutputs--) taken.push(this.outputs.shift()!);
      const outputs = jobOf(taken);
      this.served = taken;
      this.restNs = cost.restNs(outputs);
      this.firstLateNs = this.restNs + cost.firstWaitNs(outputs);
      this.hasLateFirsts = outputs.firstTokens > 0 && this.firstLateNs > 0;
      this.servedNs = freeNs + cost.outputNs(outputs, freeNs) - this.restNs;
    } else {
      this.request = job;
      this.servedNs = freeNs + (job.isHandled ? cost.hopNs(freeNs) : cost.requestNs(job.promptTokens, freeNs));
    }
    this.busyNs += this.servedNs + this.restNs - freeNs;
  }

  private end(): boolean {
    const { request, served, servedNs, restNs } = this;
    if (served !== undefined && restNs > 0) {
      this.served = undefined;
      this.servedNs = servedNs + restNs;
    } else {
      this.request = undefined;
      this.served = undefined;
      this.restNs = 0;
      this.freeNs = servedNs;
      this.join(servedNs);
      if (request !== undefined) return this.endRequest(request);
      if (served === undefined) return false;
    }
    for (const { output } of served) this.exits.delivered(output, servedNs, this.firstLateNs);
    return completes(served);
  }

  private endRequest(request: RequestJob): boolean {
    if (request.isHandled) request.hopsLeft--;
    request.isHandled = true;
    if (request.hopsLeft > 0) {
      this.turn(request);
      return false;
    }
    this.exits.requestReady(request.index, request.atNs, this.freeNs);
    return true;
  }

  /** Sends a request round the event loop; it does not overtake the one before it. */
  private turn(job: RequestJob): void {
    const gapNs = this.cost.hopGapNs(this.freeNs);
    if (gapNs === 0) {
      this.queue.push(job);
      return;
    }
    this.turnedNs = Math.max(this.turnedNs, this.freeNs + gapNs);
    this.turning.push({ job, atNs: this.turnedNs });
  }

  private isServing(): boolean {
    return this.request !== undefined || this.served !== undefined || this.restNs > 0;
  }
}

/** Outputs one after the other are mostly of the same requests: their chunks are taken to be those of the largest. */
function jobOf(outputs: readonly PendingOutput<OutputToSend>[]): OutputJob {
  let [tokens, chunks, firstTokens] = [0, 0, 0];
  for (const { output } of outputs) {
    tokens += output.tokens;
    chunks = Math.max(chunks, output.tokens);
    firstTokens += output.firstTokens;
  }
  return { tokens, chunks, firstTokens };
}

function completes(outputs: readonly PendingOutput<OutputToSend>[]): boolean {
  for (const { output } of outputs) if (output.completes) return true;
  return false;
}
