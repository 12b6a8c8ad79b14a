/**
 * The streamed answer of one request as it comes in: server-sent events of JSON, as vLLM's completions and chat
 * completions send them. Each chunk has the time that its bytes were read, taken before they are parsed. Output tokens
 * are those of `usage`, or of `token_ids` where asked for; never the chunks, which may hold several, nor the text.
 */
import { StringDecoder } from "node:string_decoder";
import { createParser, type EventSourceParser } from "eventsource-parser";
import { plainLine } from "../../../formats/index.js";
import { chunkOf, type Choice, type Chunk, type ServerTimes } from "./chunk.js";
import { errorText, type Failure } from "../access/index.js";

/** No vocabulary is larger. */
const MOST_IDS = 2 ** 31;

/** What of an answer is kept beside its times and counts. */
export interface Kept {
  readonly text: boolean;
  /** Every token must then come with its id. */
  readonly tokenIds?: boolean | undefined;
}

export class Answer {
  /** When each chunk with a choice was read, ns. */
  readonly chunkNs: number[] = [];
  /** Tokens of each of these chunks, where the server says. */
  readonly chunkTokens: number[] = [];
  promptTokens: number | undefined;
  cachedTokens: number | undefined;
  finishReason: string | undefined;
  serverTimes: ServerTimes | undefined;
  text = "";
  readonly tokenIds: number[] = [];
  failure: Failure | undefined;
  /** The end mark was read: what follows it is not part of the answer. */
  isDone = false;
  private usageTokens: number | undefined;
  private bytes = 0;
  private readAtNs = 0;
  private readonly decoder = new StringDecoder("utf8");
  private readonly parser: EventSourceParser;

  constructor(
    private readonly keeps: Kept,
    private readonly limits: AnswerLimits,
  ) {
    this.parser = createParser({
      maxBufferSize: limits.eventChars,
      onEvent: ({ data }) => {
        this.event(data);
      },
      onError: (error) => {
        this.malformed(plainLine(error.message));
      },
    });
  }

  /** Bytes read at a time; false when the answer cannot be followed any more. */
  read(bytes: Buffer, atNs: number): boolean {
    if (this.failure !== undefined) return false;
    this.readAtNs = atNs;
    this.bytes += bytes.length;
    if (this.bytes > this.limits.bytes) {
      this.malformed(`got over ${this.limits.bytes} bytes, far more than the requested tokens take`);
      return false;
    }
    this.parser.feed(this.decoder.write(bytes));
    // Read anew: events that were fed may have failed.
    return (this.failure as Failure | undefined) === undefined;
  }

  /** The stream ended: what is missing is a failure. */
  ended(): void {
    if (this.failure !== undefined) return;
    if (!this.isDone) {
      this.failure = { kind: "incomplete", message: `the stream ended after ${this.chunkNs.length} chunks, no [DONE]` };
    } else if (this.chunkNs.length === 0) {
      this.failure = { kind: "incomplete", message: "the stream ended without a chunk" };
    } else if (this.outputTokens === undefined) {
      this.failure = { kind: "no_usage", message: "neither usage nor token_ids came, so tokens are not known" };
    } else if (this.keeps.tokenIds === true && this.tokenIds.length !== this.outputTokens) {
      const message = `token_ids came of ${this.tokenIds.length} of ${this.outputTokens} tokens, so the next turn cannot begin with the answer`;
      this.failure = { kind: "incomplete", message };
    }
  }

  /** As the server counts them; undefined while it has not said. */
  get outputTokens(): number | undefined {
    if (this.usageTokens !== undefined) return this.usageTokens;
    if (this.chunkTokens.length === 0) return undefined;
    return this.chunkTokens.reduce((sum, tokens) => sum + tokens, 0);
  }

  private event(data: string): void {
    if (this.failure !== undefined || this.isDone) return;
    if (data === "[DONE]") {
      this.isDone = true;
      return;
    }
    const chunk = chunkOf(data);
    if (typeof chunk === "string") {
      this.malformed(chunk);
      return;
    }
    if (chunk.error !== undefined) {
      this.failure = { kind: "server_error", message: errorText(data) };
      return;
    }
    if (chunk.choice !== undefined) this.choice(chunk.choice);
    this.usage(chunk);
  }

  private choice({ holdsNothing, finishReason, tokenIds, text }: Choice): void {
    if (finishReason !== undefined) this.finishReason = finishReason;
    if (holdsNothing && finishReason === undefined) return;
    if (this.chunkNs.length >= this.limits.chunks) {
      this.malformed("more than four chunks per requested token");
      return;
    }
    this.chunkNs.push(this.readAtNs);
    if (tokenIds !== undefined) this.chunkTokens.push(tokenIds.length);
    if (this.keeps.text) this.text += text;
    if (this.keeps.tokenIds === true) this.keepIds(tokenIds ?? []);
  }

  private keepIds(ids: readonly unknown[]): void {
    for (const id of ids) {
      if (typeof id === "number" && Number.isInteger(id) && id >= 0 && id < MOST_IDS) this.tokenIds.push(id);
      else this.malformed(`token_ids: got ${plainLine(JSON.stringify(id), 40)}, expected whole numbers from 0`);
    }
  }

  private usage({ usage, serverTimes }: Chunk): void {
    if (usage === undefined) return;
    this.usageTokens = usage.outputTokens;
    this.promptTokens = usage.promptTokens;
    this.cachedTokens = usage.cachedTokens;
    if (serverTimes !== undefined) this.serverTimes = serverTimes;
  }

  private malformed(what: string): void {
    this.failure ??= { kind: "malformed", message: `after ${this.chunkNs.length} chunks: ${what}` };
  }
}

/** How much of an answer is taken: in proportion to what was asked for, so that no server fills the client's memory. */
export interface AnswerLimits {
  readonly chunks: number;
  /** Of the whole stream. */
  readonly bytes: number;
  /** Characters of one event, buffered until it ends. */
  readonly eventChars: number;
}

/** What an answer was asked for, tokens. */
export interface Asked {
  readonly promptTokens: number;
  readonly outputTokens: number;
}

/**
 * A server may send more tokens than it was asked for (without ignore_eos, by another count) and chunks without any, so
 * the limits are several times of what an honest answer needs: some 300 bytes a token, prompt ids once (with
 * return_token_ids), at 8 bytes each.
 */
export function answerLimits({ promptTokens, outputTokens }: Asked): AnswerLimits {
  return {
    chunks: 1_000 + 4 * outputTokens,
    bytes: 4 * 2 ** 20 + 4096 * outputTokens + 32 * promptTokens,
    eventChars: 2 ** 20 + 32 * promptTokens,
  };
}
