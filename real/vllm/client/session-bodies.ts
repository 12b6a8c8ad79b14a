/**
 * Bodies of a load of sessions: the prompt of a turn begins with the token ids that were sent and came of an earlier one, and is
 * made in the pause before the turn. A context is kept until the last turn that begins with it has its body, so memory
 * grows with the sessions under way.
 */
import { ConfigError, InvariantError, type Workload, type WorkloadRequest } from "../../../formats/index.js";
import { engineTitle } from "../access/index.js";
import {
  promptIds,
  requestBody,
  sendsTokenIds,
  type BodyOptions,
  type Endpoint,
  type Sampling,
} from "./request-body.js";

/** Of first turns, made before the run. */
const MAX_BYTES_AHEAD = 64 * 2 ** 20;

export class SessionBodies {
  /** Turns that are still to begin with a request's tokens. */
  private readonly left: Int32Array;
  private readonly isMade: Uint8Array;
  /** Turns that wait for a request's end. */
  private readonly next = new Map<number, number[]>();
  /** With which turns begin: of requests under way their prompts, then with the answers. */
  private readonly contexts = new Map<number, readonly number[]>();
  private readonly ready = new Map<number, Buffer>();

  constructor(
    private readonly requests: readonly WorkloadRequest[],
    private readonly options: BodyOptions,
  ) {
    this.left = new Int32Array(requests.length);
    this.isMade = new Uint8Array(requests.length);
    for (const [index, { follows, turn }] of requests.entries()) {
      if (follows !== undefined) this.left[follows.index]!++;
      if (turn?.after === undefined) continue;
      const others = this.next.get(turn.after);
      if (others === undefined) this.next.set(turn.after, [index]);
      else others.push(index);
    }
    this.fill();
  }

  /** The body of a request; those that it waits for and begins with have ended. */
  take(index: number): Buffer {
    const body = this.ready.get(index) ?? this.make(index);
    this.ready.delete(index);
    return body;
  }

  /** The request has ended, with an answer of these ids; where tokens did not come, seeded ids take their place. */
  ended(index: number, answer: readonly number[]): void {
    const prompt = this.contexts.get(index);
    if (prompt !== undefined) this.contexts.set(index, [...prompt, ...answer, ...this.standIns(index, answer.length)]);
    const waiting = this.next.get(index) ?? [];
    this.next.delete(index);
    setImmediate(() => {
      for (const one of waiting) if (this.isMade[one] === 0) this.ready.set(one, this.make(one));
    });
  }

  private fill(): void {
    let bytes = 0;
    for (const [index, { turn }] of this.requests.entries()) {
      if (turn?.after !== undefined) continue;
      const body = this.make(index);
      this.ready.set(index, body);
      bytes += body.length;
      if (bytes >= MAX_BYTES_AHEAD) return;
    }
  }

  private make(index: number): Buffer {
    const request = this.requests[index]!;
    const ids = [...this.begun(request), ...promptIds(request, this.options)];
    this.isMade[index] = 1;
    if (this.left[index]! > 0) this.contexts.set(index, ids);
    return requestBody(request, this.options, ids);
  }

  private begun({ id, follows }: WorkloadRequest): readonly number[] {
    if (follows === undefined) return [];
    const context = this.contexts.get(follows.index);
    if (context === undefined) throw new InvariantError(`turn ${id} was sent before the one that it begins with`);
    this.left[follows.index]!--;
    if (this.left[follows.index]! < 1) this.contexts.delete(follows.index);
    return context.slice(0, follows.tokens);
  }

  private standIns(index: number, came: number): readonly number[] {
    const { id, outputTokens, answer = [] } = this.requests[index]!;
    if (came >= outputTokens) return [];
    return promptIds({ id, promptTokens: outputTokens, outputTokens, content: answer }, this.options).slice(came);
  }
}

/** ConfigError for a load of sessions whose turns could not go on with the server's own answers. */
export function requireOwnAnswers(
  { sessions }: Workload,
  {
    endpoint,
    sampling,
    workers = 1,
  }: { endpoint?: Endpoint | undefined; sampling?: Sampling | undefined; workers?: number | undefined },
  engine: string,
): void {
  if (sessions === undefined) return;
  const turns = "a session's turns begin with the token ids of the answers before";
  if (endpoint === "/v1/chat/completions")
    throw new ConfigError(`--endpoint ${endpoint}: ${turns}, and a chat takes text; leave it out`);
  if (!sendsTokenIds(engine)) throw new ConfigError(`${turns}, which ${engineTitle(engine)} does not send`);
  if (sampling?.ignoreEos === false)
    throw new ConfigError(`--no-ignore-eos: ${turns}, which have the load's lengths; leave it out`);
  if (workers > 1) throw new ConfigError(`--client-workers ${workers}: sessions are sent by one thread, leave it out`);
}
