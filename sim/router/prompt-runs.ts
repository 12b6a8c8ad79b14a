/** A request as routers see it: its prompt, written out of the requests that it follows. */
import type { ContentRuns, Follows, RequestTurn } from "../../formats/index.js";
import type { RoutedRequest } from "./router.js";

/** Of a request of the workload, what its prompt and those of its followers are made of. */
export interface PromptSource {
  readonly promptTokens: number;
  readonly outputTokens: number;
  readonly content?: ContentRuns;
  readonly follows?: Follows;
  readonly answer?: ContentRuns;
  readonly turn?: RequestTurn;
}

/** One object for all requests of a run: `at` says which one it is. */
export class ArrivingRequest implements RoutedRequest {
  private index = 0;

  constructor(private readonly requests: readonly PromptSource[]) {}

  at(index: number): this {
    this.index = index;
    return this;
  }

  get session(): number | undefined {
    return this.requests[this.index]!.turn?.session;
  }

  get promptTokens(): number {
    return this.requests[this.index]!.promptTokens;
  }

  get prompt(): ContentRuns {
    return promptRuns(this.requests, this.index);
  }
}

/** So many tokens of one request's prompt or answer. */
interface Piece {
  readonly runs: ContentRuns;
  readonly tokens: number;
}

function promptRuns(requests: readonly PromptSource[], last: number): ContentRuns {
  const { content, follows } = requests[last]!;
  if (follows === undefined) return merged([{ runs: content ?? [], tokens: requests[last]!.promptTokens }]);
  const pieces: Piece[] = [];
  let end = requests[last]!.promptTokens;
  for (let index: number | undefined = last; index !== undefined;) {
    const request: PromptSource = requests[index]!;
    const { promptTokens } = request;
    // Tokens like no other request's are known to its followers: ids of their own, which no token has.
    if (end > promptTokens) {
      const tokens = end - promptTokens;
      pieces.push({ runs: request.answer ?? [[-index - 0.25, tokens]], tokens });
    }
    const start: number = request.follows?.tokens ?? 0;
    const tokens = Math.min(end, promptTokens) - start;
    if (tokens > 0) pieces.push({ runs: request.content ?? [[-index - 0.5, tokens]], tokens });
    end = Math.min(end, start);
    index = request.follows?.index;
  }
  return merged(pieces.reverse());
}

/** The pieces one after the other, neighbours of one id as one run. */
function merged(pieces: readonly Piece[]): ContentRuns {
  const all: [tokenId: number, tokens: number][] = [];
  for (const { runs, tokens } of pieces) {
    let left = tokens;
    for (let at = 0; at < runs.length && left > 0; at++) {
      const [tokenId, ofRun] = runs[at]!;
      const taken = Math.min(ofRun, left);
      const latest = all.at(-1);
      if (latest?.[0] === tokenId) latest[1] += taken;
      else if (taken > 0) all.push([tokenId, taken]);
      left -= taken;
    }
  }
  return all;
}
