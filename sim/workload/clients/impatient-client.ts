/**
 * The client side of requests that may be given up and sent again. Each attempt is a request of its own: attempt `a` (0:
 * the first) of request `i` is at `i (most + 1) + a` of the list that withAttempts() makes. A slot of a closed loop stays
 * taken until the last attempt has ended. Pure.
 */
import { ConfigError, defined, type Workload, type WorkloadRequest } from "../../../formats/index.js";
import type { RequestClient, SentRequest } from "./client.js";
import { clientOf } from "./client-of.js";
import { DueHeap } from "./due-heap.js";

/** By list of requests, which is asked for again and again, and may be a million. */
const impatient = new WeakMap<Workload["requests"], boolean>();

/** Whether some client may give up, or send a request again. */
export function isImpatient({ requests, retries }: Workload): boolean {
  const known = retries !== undefined || impatient.get(requests);
  if (known !== undefined) return known;
  const found = requests.some(({ ttftPatienceNs, e2elPatienceNs }) => (ttftPatienceNs ?? e2elPatienceNs) !== undefined);
  impatient.set(requests, found);
  return found;
}

/** The workload of clients that wait for ever. */
export function withoutPatience(workload: Workload): Workload {
  if (!isImpatient(workload)) return workload;
  const { maxConcurrency, thinkNs, sessions, notes } = workload;
  const requests = workload.requests.map((request) =>
    defined({ ...request, ttftPatienceNs: undefined, e2elPatienceNs: undefined }),
  );
  return { requests, maxConcurrency, thinkNs, ...defined({ sessions, notes }) };
}

type Changing = { -readonly [Key in keyof WorkloadRequest]: WorkloadRequest[Key] };

/** ConfigError where clients may, `where` they cannot. */
export function requirePatience(workload: Workload, where: string): void {
  if (!isImpatient(workload)) return;
  throw new ConfigError(`patience_ttft, patience_e2el and retries: ${where} does not follow them; leave them out`);
}

/** How often a request may be sent. */
export function attemptsOf({ retries }: Pick<Workload, "retries">): number {
  return 1 + (retries?.most ?? 0);
}

/** Whether no attempt follows the one at this place of the list that withAttempts() makes. */
export function isLastAttempt(workload: Pick<Workload, "retries">, index: number): boolean {
  const attempts = attemptsOf(workload);
  return index % attempts === attempts - 1;
}

/**
 * Every attempt that there may be; those after the first have no arrival time, and ids such as `7-retry1`. All of a request
 * have the same prompt, so that a later one finds in a prefix cache what an earlier one computed.
 */
export function withAttempts({ requests, retries }: Workload): readonly WorkloadRequest[] {
  const most = retries?.most ?? 0;
  if (most === 0) return requests;
  return requests.flatMap((given, at) => {
    // Below 0 are no ids of traces.
    const request: WorkloadRequest = { content: [[-1 - at, given.promptTokens]], ...given };
    const again: Changing = { ...request };
    delete again.arrivalNs;
    const attempts: WorkloadRequest[] = [request];
    for (let attempt = 1; attempt <= most; attempt++) attempts.push({ ...again, id: `${request.id}-retry${attempt}` });
    return attempts;
  });
}

export class ImpatientClient implements RequestClient {
  private readonly base: RequestClient;
  private readonly retries = new DueHeap();
  private readonly giveUps = new DueHeap();
  private readonly most: number;

  constructor(private readonly workload: Workload) {
    this.base = clientOf(workload);
    this.most = workload.retries?.most ?? 0;
  }

  get nextDueNs(): number {
    return Math.min(this.retries.firstNs, this.base.nextDueNs);
  }

  /** When the next client may give up; Infinity: none will. Its request may have ended before. */
  get nextGiveUpNs(): number {
    return this.giveUps.firstNs;
  }

  /** At one instant what is sent again comes before what is sent for the first time. */
  take(nowNs: number): SentRequest | undefined {
    const againNs = this.retries.firstNs;
    if (againNs <= nowNs && againNs <= this.base.nextDueNs) return { index: this.retries.take(), arrivalNs: againNs };
    const sent = this.base.take(nowNs);
    return sent === undefined ? undefined : { ...sent, index: sent.index * (this.most + 1) };
  }

  /** The request was accepted: its client waits from now on. */
  waits(index: number, nowNs: number): void {
    const { ttftPatienceNs, e2elPatienceNs } = this.requestOf(index);
    if (ttftPatienceNs !== undefined) this.giveUps.add(index, nowNs + ttftPatienceNs);
    if (e2elPatienceNs !== undefined) this.giveUps.add(index, nowNs + e2elPatienceNs);
  }

  /** The request whose client may give up at nextGiveUpNs. */
  takeGiveUp(): number {
    return this.giveUps.take();
  }

  /** Why the client of a request that has not ended gives up now; undefined: it does not. NaN: no token yet. */
  reasonAt(index: number, nowNs: number, { sentNs, firstTokenNs }: Waiting): string | undefined {
    const { ttftPatienceNs = Infinity, e2elPatienceNs = Infinity } = this.requestOf(index);
    const waitedNs = nowNs - sentNs;
    const seconds = (ns: number): string => `${Number((ns / 1e9).toPrecision(4))} s`;
    if (waitedNs >= ttftPatienceNs && !(firstTokenNs < nowNs)) {
      return `the client gave up after ${seconds(waitedNs)} without a first token`;
    }
    if (waitedNs >= e2elPatienceNs) return `the client gave up after ${seconds(waitedNs)} without the whole answer`;
    return undefined;
  }

  /** The request was answered, or will never be. */
  ended(nowNs: number, index: number): void {
    this.base.ended(nowNs, this.numberOf(index));
  }

  /** The request failed in a way that may pass. */
  failed(nowNs: number, index: number): void {
    const attempt = index % (this.most + 1);
    if (attempt === this.most) this.ended(nowNs, index);
    else {
      const pauseNs = this.workload.retries!.pausesNs[this.numberOf(index) * this.most + attempt]!;
      this.retries.add(index + 1, nowNs + pauseNs);
    }
  }

  /** The request of the workload that an attempt is of. */
  numberOf(index: number): number {
    return Math.floor(index / (this.most + 1));
  }

  private requestOf(index: number): WorkloadRequest {
    return this.workload.requests[this.numberOf(index)]!;
  }
}

interface Waiting {
  readonly sentNs: number;
  readonly firstTokenNs: number;
}
