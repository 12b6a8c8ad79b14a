/**
 * The process between clients and engine: one server, first come first served. A request is handled, then goes round the
 * event loop a few times, each time behind what waits there. Engine outputs that wait together are handled as one job,
 * which is how tokens of several steps reach a client in one chunk. Times in whole ns.
 */
import type { FrontEndCost } from "../cost/index.js";
import { Fifo } from "../kernel/index.js";

/** What the front end hands on. */
export interface FrontEndExits<Output> {
  requestReady(index: number, atNs: number): void;
  delivered(output: Output, atNs: number): void;
}

interface RequestJob {
  readonly index: number;
  readonly promptTokens: number;
  /** Hops left; undefined: not handled yet. */
  hopsLeft: number | undefined;
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
  private freeNs = 0;
  /** Jobs in the order in which they joined; "outputs" stands for all outputs waiting when it is served. */
  private readonly queue = new Fifo<RequestJob | "outputs">();
  private readonly arrivals = new Fifo<{ job: RequestJob; atNs: number }>();
  private readonly outputs = new Fifo<PendingOutput<Output>>();
  /** Outputs, from the front of `outputs`, that wait in the queue. */
  private waitingOutputs = 0;
  private serving: { job: RequestJob | readonly PendingOutput<Output>[]; endNs: number } | undefined;

  constructor(
    private readonly cost: FrontEndCost,
    private readonly exits: FrontEndExits<Output>,
  ) {}

  /** A request comes in; times do not go back. */
  arrive(index: number, promptTokens: number, atNs: number): void {
    this.arrivals.push({ job: { index, promptTokens, hopsLeft: undefined }, atNs });
  }

  /** The engine sends an output; times do not go back. At one instant outputs come before requests. */
  send(output: Output, atNs: number): void {
    this.outputs.push({ output, atNs });
  }

  /** When something happens next; Infinity when nothing will by itself. */
  nextNs(): number {
    if (this.serving !== undefined) return this.serving.endNs;
    return this.queue.length > 0 ? this.freeNs : Math.max(this.freeNs, this.nextArrivalNs());
  }

  /** Whether all it has is outputs in service that end by `atNs` and complete no request, or nothing. */
  isFreeBy(atNs: number): boolean {
    if (this.arrivals.length > 0 || this.outputs.length > 0 || this.queue.length > 0) return false;
    if (this.serving === undefined) return this.freeNs <= atNs;
    const { job, endNs } = this.serving;
    return endNs <= atNs && !("index" in job) && !job.some(({ output }) => output.completes);
  }

  /** Ends the output in service before its time has come, when isFreeBy says that nothing can change it. */
  endOutput(): void {
    if (this.serving !== undefined) this.end();
  }

  /** Outputs were handled, the last until `endNs`, without being sent through here. */
  skipTo(endNs: number): void {
    this.freeNs = endNs;
  }

  outputNs(tokens: number, firstTokens: number): number {
    return this.cost.outputNs(tokens, firstTokens);
  }

  /** Does all up to and at `atNs`; stops when a request is ready for the engine or complete, and returns true. */
  runUntil(atNs: number): boolean {
    for (;;) {
      if (this.serving !== undefined) {
        if (this.serving.endNs > atNs) return false;
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
    return Math.min(this.arrivals.peek()?.atNs ?? Infinity, outputNs);
  }

  /** All that came by `atNs` joins the queue in the order of coming. */
  private join(atNs: number): void {
    for (let nextNs = this.nextArrivalNs(); nextNs <= atNs; nextNs = this.nextArrivalNs()) {
      if (this.outputs.peek(this.waitingOutputs)?.atNs === nextNs) {
        if (this.waitingOutputs++ === 0) this.queue.push("outputs");
      } else {
        this.queue.push(this.arrivals.shift()!.job);
      }
    }
  }

  private begin(): void {
    const job = this.queue.shift()!;
    const { cost, freeNs } = this;
    if (job === "outputs") {
      const taken: PendingOutput<Output>[] = [];
      for (; this.waitingOutputs > 0; this.waitingOutputs--) taken.push(this.outputs.shift()!);
      let tokens = 0;
      let firstTokens = 0;
      for (const { output } of taken) {
        tokens += output.tokens;
        firstTokens += output.firstTokens;
      }
      this.serving = { job: taken, endNs: freeNs + cost.outputNs(tokens, firstTokens) };
    } else {
      const durationNs = job.hopsLeft === undefined ? cost.requestNs(job.promptTokens) : cost.hopNs;
      this.serving = { job, endNs: freeNs + durationNs };
    }
  }

  private end(): boolean {
    const { job, endNs } = this.serving!;
    this.serving = undefined;
    this.freeNs = endNs;
    this.join(endNs);
    if ("index" in job) {
      const hopsLeft = job.hopsLeft === undefined ? this.cost.hops : job.hopsLeft - 1;
      if (hopsLeft > 0) {
        this.queue.push({ ...job, hopsLeft });
        return false;
      }
      this.exits.requestReady(job.index, endNs);
      return true;
    }
    for (const { output } of job) this.exits.delivered(output, endNs);
    return job.some(({ output }) => output.completes);
  }
}
