/**
 * One streamed request on a connection pool: when it was handed over, written, answered, and every chunk. Never rejects:
 * what goes wrong is part of the result. The times are of the real clock, nanoseconds.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher, Pool } from "undici";
import { realClock } from "../../clock.js";
import { plainLine } from "../../../formats/index.js";
import { Answer, answerLimits, type Asked } from "./answer.js";
import type { ServerTimes } from "./chunk.js";
import { failureOf, httpFailure, type Failure, pathOf, withoutSecrets, type ServerAddress } from "../access/index.js";

export interface SendOptions {
  readonly address: ServerAddress;
  readonly endpoint: string;
  /** Tokens of the request: how much of an answer is taken depends on them. */
  readonly asked: Asked;
  readonly stallMs: number;
  readonly requestMs: number;
  readonly keepsText: boolean;
  /** Keeps the ids of the answer's tokens, which must all come. */
  readonly keepsTokenIds?: boolean | undefined;
  /** Sent as X-Request-Id; absent: the server makes one up. */
  readonly requestId?: string | undefined;
}

/** What became of a request. Times that did not come to pass are undefined. */
export interface Exchange {
  /** Handed to the HTTP client, and written to a connection. */
  readonly queuedNs: number;
  readonly sentNs: number | undefined;
  readonly headersNs: number | undefined;
  readonly chunkNs: readonly number[];
  /** Tokens of each chunk, where the server says; else empty. */
  readonly chunkTokens: readonly number[];
  readonly endNs: number;
  readonly promptTokens: number | undefined;
  readonly cachedTokens: number | undefined;
  readonly outputTokens: number | undefined;
  readonly finishReason: string | undefined;
  readonly serverTimes: ServerTimes | undefined;
  readonly text: string;
  readonly failure: Failure | undefined;
}

export interface WholeExchange extends Exchange {
  /** Of the answer, where they are kept; else empty. */
  readonly tokenIds: readonly number[];
}

/** A request: sent once, its result, and a way to give it up. */
export interface Sending {
  readonly done: Promise<WholeExchange>;
  /** When the first chunk was read, ns on the clock; NaN: none was. */
  readonly firstChunkNs: number;
  send(pool: Pool, body: Buffer): void;
  abort(failure: Failure): void;
}

const HEADERS = { "content-type": "application/json", accept: "text/event-stream" };

/** A request to be sent; `onEnd` is called as soon as the exchange is over, before `done` resolves. */
export function makeSending(options: SendOptions, onEnd?: (exchange: WholeExchange) => void): Sending {
  return new ExchangeHandler(options, onEnd);
}

/** Most of an error's body that is kept, characters, and that is read, bytes. */
const MAX_ERROR_BODY = 10_000;
const MAX_ERROR_BYTES = 2 ** 20;

/** What a gateway's own page and a server that does not stream answer with; other types may be events anyway. */
const NO_STREAM = /^(text\/html|application\/json)\b/i;

/** A server that has sent its end mark has this long to end the answer; it counts as whole either way. */
const END_GRACE_MS = 5_000;

class ExchangeHandler implements Dispatcher.DispatchHandler, Sending {
  readonly done: Promise<WholeExchange>;
  private queuedNs = 0;
  private sentNs: number | undefined;
  private headersNs: number | undefined;
  private status = 0;
  private errorBody = "";
  private errorBytes = 0;
  private location: string | undefined;
  private failure: Failure | undefined;
  private isOver = false;
  private readonly answer: Answer;
  private controller: Dispatcher.DispatchController | undefined;
  private deadline: NodeJS.Timeout | undefined;
  private resolve!: (exchange: WholeExchange) => void;

  constructor(
    private readonly options: SendOptions,
    private readonly onEnd: ((exchange: WholeExchange) => void) | undefined,
  ) {
    const { keepsText: text, keepsTokenIds: tokenIds, asked } = options;
    this.answer = new Answer({ text, tokenIds }, answerLimits(asked));
    this.done = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }

  get firstChunkNs(): number {
    return this.answer.chunkNs[0] ?? NaN;
  }

  send(pool: Pool, body: Buffer): void {
    const { address, endpoint, requestMs, requestId } = this.options;
    this.deadline = setTimeout(() => {
      this.abort({ kind: "timeout", message: `no whole answer within ${requestMs / 1e3} s` });
    }, requestMs);
    this.queuedNs = realClock.nowNs();
    const named = requestId === undefined ? {} : { "x-request-id": requestId };
    const headers = { ...HEADERS, ...named, ...address.headers };
    pool.dispatch({ method: "POST", path: pathOf(address, endpoint), headers, body }, this);
  }

  abort(failure: Failure): void {
    if (this.isOver) return;
    this.failure ??= failure;
    // Before a connection was found there is nothing to abort; it is given up when it gets there.
    if (this.controller === undefined) this.over();
    else this.controller.abort(new Error(failure.message));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.isOver) controller.abort(new Error("given up before it was sent"));
    else this.sentNs = realClock.nowNs();
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    this.headersNs = realClock.nowNs();
    this.status = status;
    this.location = headers.location;
    const coding = headers["content-encoding"];
    if (status !== 200) return;
    if (coding !== undefined && coding !== "identity") {
      this.abort(malformed(`content-encoding "${plainLine(coding, 40)}", although none was requested`));
      return;
    }
    const type = headers["content-type"];
    if (type === undefined || !NO_STREAM.test(type)) return;
    this.abort(malformed(`content-type "${plainLine(type, 60)}", expected text/event-stream`));
  }

  onResponseData(_: Dispatcher.DispatchController, bytes: Buffer): void {
    const atNs = realClock.nowNs();
    if (this.status !== 200) {
      this.errorBytes += bytes.length;
      if (this.errorBody.length < MAX_ERROR_BODY) this.errorBody += bytes.toString();
      if (this.errorBytes > MAX_ERROR_BYTES) this.abort(httpFailure(this.status, this.errorBody, this.location));
      return;
    }
    const wasDone = this.answer.isDone;
    if (!this.answer.read(bytes, atNs)) this.abort(this.answer.failure!);
    else if (this.answer.isDone && !wasDone) this.awaitEnd();
  }

  /** The answer is whole; how the server ends the connection is of no interest. */
  private awaitEnd(): void {
    clearTimeout(this.deadline);
    this.deadline = setTimeout(
      () => {
        this.answer.ended();
        this.over();
        this.controller!.abort(new Error("the answer was whole before the connection ended"));
      },
      Math.min(END_GRACE_MS, this.options.stallMs / 2),
    );
  }

  onResponseEnd(): void {
    if (this.status === 200) this.answer.ended();
    else this.failure ??= httpFailure(this.status, this.errorBody, this.location);
    this.over();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.failure === undefined && this.answer.isDone) {
      this.answer.ended();
      this.over();
      return;
    }
    const wasSent = this.sentNs !== undefined;
    this.failure ??= failureOf(error, { wasSent, chunks: this.answer.chunkNs.length, stallMs: this.options.stallMs });
    this.over();
  }

  private over(): void {
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.deadline);
    const { answer, queuedNs, sentNs, headersNs } = this;
    const { address } = this.options;
    const failure = this.failure ?? answer.failure;
    const exchange: WholeExchange = {
      queuedNs,
      sentNs,
      headersNs,
      chunkNs: answer.chunkNs,
      chunkTokens: answer.chunkTokens,
      endNs: realClock.nowNs(),
      promptTokens: answer.promptTokens,
      cachedTokens: answer.cachedTokens,
      outputTokens: answer.outputTokens,
      finishReason: answer.finishReason === undefined ? undefined : withoutSecrets(answer.finishReason, address),
      serverTimes: answer.serverTimes,
      text: answer.text === "" ? "" : withoutSecrets(answer.text, address),
      tokenIds: answer.tokenIds,
      failure: failure === undefined ? undefined : { ...failure, message: withoutSecrets(failure.message, address) },
    };
    this.onEnd?.(exchange);
    this.resolve(exchange);
  }
}

function malformed(message: string): Failure {
  return { kind: "malformed", message };
}
