/**
 * Sends a workload to a server: each request at its time (the schedule is fixed before the run; the wait is coarse,
 * then fine) or as soon as a slot is free. A request that fails frees its slot and the run goes on; nothing is sent
 * twice but by clients that try again (patience.ts), where each attempt is a request of its own.
 */
import type { Pool } from "undici";
import type { Workload, WorkloadRequest } from "../../../formats/index.js";
import { attemptsOf, ImpatientClient, withAttempts } from "../../../sim/index.js";
import { realClock } from "../../clock.js";
import { BodiesAhead } from "./bodies-ahead.js";
import { openPool, type ConnectionLimits } from "./connection.js";
import { mayPass, watchPatience } from "./patience.js";
import { requestBody, type BodyOptions } from "./request-body.js";
import { withPrefix } from "./request-id.js";
import { SessionBodies } from "./session-bodies.js";
import { makeSending, type Exchange, type Sending, type WholeExchange } from "./send-request.js";
import { addressOf, type ServerAddress, type ServerRef } from "../access/index.js";

export interface LoadSettings {
  readonly baseUrl: ServerRef;
  readonly body: BodyOptions;
  readonly limits: ConnectionLimits;
  readonly keepsText: boolean;
  /** Before a request's id in its X-Request-Id. */
  readonly requestIdPrefix: string;
}

/**
 * A request that was sent: its place among the attempts (withAttempts), when it was meant to be (clock time, ns), and what
 * became of it.
 */
export interface SentExchange extends Exchange {
  readonly index: number;
  readonly intendedNs: number;
}

export interface RunLoadInput {
  readonly settings: LoadSettings;
  readonly workload: Workload;
  /** Gives, once bodies are ready, the clock time of the run's start, ns; absent: at once. */
  readonly originNs?: () => Promise<number>;
  readonly signal: AbortSignal;
  /** Called for each exchange as it ends; none is kept; the start on the clock, ns. */
  onExchange(exchange: SentExchange, originNs: number): void;
}

/**
 * Runs the load to its end, or until the signal: what is under way then ends as aborted. Returns the start on the
 * clock, ns.
 */
export async function runLoad(input: RunLoadInput): Promise<number> {
  const { settings, workload } = input;
  const bodies = bodiesOf(workload, settings.body);
  const pool = openPool(addressOf(settings.baseUrl), settings.limits);
  try {
    const originNs = await (input.originNs ?? (() => Promise.resolve(realClock.nowNs())))();
    await new LoadRun(input, { originNs, pool, bodies }).run();
    return originNs;
  } finally {
    await pool.destroy();
  }
}

/** What is sent, request by request; that of a session's later turns is known when the earlier ones have been answered. */
type Bodies = Pick<BodiesAhead, "take"> & Partial<Pick<SessionBodies, "ended">>;

function bodiesOf(workload: Workload, options: BodyOptions): Bodies {
  if (workload.sessions !== undefined) return new SessionBodies(workload.requests, options);
  const bodies = new BodiesAhead(withAttempts(workload).filter(isFirstOf(workload)), options);
  bodies.fill();
  return bodies;
}

/** Longest time that requests are sent one after another before the event loop has a turn, ns. */
const SEND_SLICE_NS = 1_000_000;

const STOPPED = { kind: "aborted", message: "the run was stopped" } as const;

function isFirstOf(workload: Workload): (request: WorkloadRequest, index: number) => boolean {
  const attempts = attemptsOf(workload);
  return (_, index) => index % attempts === 0;
}

class LoadRun {
  private readonly client: ImpatientClient;
  /** All attempts that there may be. */
  private readonly requests: readonly WorkloadRequest[];
  private readonly address: ServerAddress;
  private readonly underWay = new Map<number, Sending>();
  private wait: AbortController | undefined;
  private armedNs = NaN;
  private finish!: () => void;

  constructor(
    private readonly input: RunLoadInput,
    private readonly at: { readonly originNs: number; readonly pool: Pool; readonly bodies: Bodies },
  ) {
    this.client = new ImpatientClient(input.workload);
    this.requests = withAttempts(input.workload);
    this.address = addressOf(input.settings.baseUrl);
  }

  async run(): Promise<void> {
    const { signal } = this.input;
    const stop = (): void => {
      this.stop();
    };
    signal.addEventListener("abort", stop);
    try {
      await new Promise<void>((resolve) => {
        this.finish = resolve;
        if (signal.aborted) this.stop();
        else this.arm();
      });
    } finally {
      this.wait?.abort();
      signal.removeEventListener("abort", stop);
    }
  }

  /** Waits for the next request's time; ends the run when none is left. */
  private arm(): void {
    const dueNs = this.client.nextDueNs;
    if (dueNs === this.armedNs) return;
    this.wait?.abort();
    this.armedNs = dueNs;
    if (dueNs === Infinity) {
      if (this.underWay.size === 0) this.finish();
      return;
    }
    const wait = new AbortController();
    this.wait = wait;
    const go = (): void => {
      if (!wait.signal.aborted) this.send();
    };
    // What is overdue waits for a turn of the event loop anyway: answers come in between.
    if (dueNs <= this.nowNs()) setImmediate(go);
    else void realClock.until(this.at.originNs + dueNs, wait.signal).then(go);
  }

  private send(): void {
    const startNs = this.nowNs();
    let nowNs = startNs;
    while (nowNs - startNs < SEND_SLICE_NS) {
      const sent = this.client.take(nowNs);
      if (sent === undefined) break;
      this.sendOne(sent.index, this.at.originNs + sent.arrivalNs);
      nowNs = this.nowNs();
    }
    this.armedNs = NaN;
    this.arm();
  }

  private sendOne(index: number, intendedNs: number): void {
    const { limits, keepsText, requestIdPrefix: prefix, body } = this.input.settings;
    const { stallMs, requestMs } = limits;
    const asked = this.requests[index]!;
    const requestId = withPrefix(prefix, asked.id);
    const { address } = this;
    const keepsTokenIds = this.input.workload.sessions !== undefined;
    const options = {
      address,
      endpoint: body.endpoint,
      asked,
      stallMs,
      requestMs,
      keepsText,
      keepsTokenIds,
      requestId,
    };
    let endWait = (): void => undefined;
    const sending = makeSending(options, (exchange) => {
      endWait();
      this.underWay.delete(index);
      this.over({ ...exchange, index, intendedNs });
      if (this.input.signal.aborted) this.finishWhenIdle();
      else if (this.client.nextDueNs <= this.nowNs()) this.send();
      else this.armAgain();
    });
    this.underWay.set(index, sending);
    const number = this.client.numberOf(index);
    const isFirst = isFirstOf(this.input.workload)(asked, index);
    sending.send(this.at.pool, isFirst ? this.at.bodies.take(number) : requestBody(asked, body));
    endWait = watchPatience(sending, asked, index, this.client);
  }

  private over(exchange: SentExchange & Pick<WholeExchange, "tokenIds">): void {
    const { input, client, at } = this;
    const { tokenIds, ...kept } = exchange;
    const { index, failure } = kept;
    at.bodies.ended?.(index, tokenIds);
    input.onExchange(kept, at.originNs);
    const nowNs = exchange.endNs - at.originNs;
    if (mayPass(failure)) client.failed(nowNs, index);
    else client.ended(nowNs, index);
  }

  private armAgain(): void {
    // An end may have been the last thing to wait for.
    if (this.client.nextDueNs === Infinity) this.armedNs = NaN;
    this.arm();
  }

  private stop(): void {
    this.wait?.abort();
    for (const sending of [...this.underWay.values()]) sending.abort(STOPPED);
    this.finishWhenIdle();
  }

  private finishWhenIdle(): void {
    if (this.underWay.size === 0) this.finish();
  }

  private nowNs(): number {
    return realClock.nowNs() - this.at.originNs;
  }
}
