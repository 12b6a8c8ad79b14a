/**
 * Whether chunks came as the engine made their tokens. Three things merge or hold tokens, and they look different:
 * `stream_interval` N sends 1 token, then every N-th, on an idle server too; a proxy that buffers hands chunks on in bunches;
 * a busy front end of vLLM merges tokens of several steps now and then, which is modelled (docs/design.md, section 5).
 */
import { ArtifactError, percent, type RequestRecord } from "../../../formats/index.js";
import { chunkTimesMs } from "./client-features.js";
import type { RecordedRun } from "./recorded-run.js";
import { quantileOf } from "../../../sim/index.js";

export interface ChunkFindings {
  /** Tokens a chunk by the server's setting; 1: a chunk as soon as there is a token. */
  readonly interval: number;
  readonly notes: readonly string[];
}

/** Answers with fewer tokens do not show how they were cut. */
const MIN_TOKENS = 8;
/** No engine makes a token in less, ms: what comes faster was held back. */
const MIN_GAP_MS = 0.05;
/**
 * A gap below this part of its answer's mean gap is a chunk that came with the one before. At most 0.1 % of gaps are so short
 * on recorded servers (vLLM 0.26, GPT-2 and Llama-3.1-8B, up to all slots taken).
 */
const TOGETHER = 0.1;
const MAX_TOGETHER = 0.2;
/** Answers that are cut as an interval would cut them: none by more, most exactly. Of a busy front end's 3 % are. */
const NO_MORE = 0.98;
const EXACT = 0.5;
/** Of the tokens of requests alone on the server, merged at most. */
const MAX_MERGED_ALONE = 0.2;
/** From here on merged tokens are worth saying. */
const MERGED = 0.1;

interface Cut {
  readonly tokens: number;
  readonly chunks: number;
  readonly times: readonly number[];
  readonly spanMs: number;
  readonly isAlone: boolean;
}

/** ArtifactError where the times between chunks are not the engine's, with what was seen and what helps. */
export function chunkFindings(runs: readonly RecordedRun[]): ChunkFindings {
  const cuts = runs.flatMap(({ run }) =>
    run.requests.filter(({ status, outputTokens }) => status === "ok" && outputTokens >= MIN_TOKENS).map(cutOf),
  );
  rejectWholeAnswers(cuts);
  const shown = cuts.filter(({ chunks }) => chunks > 0);
  if (shown.length === 0) {
    return { interval: 1, notes: ["no chunk times were recorded: gaps between tokens are not compared"] };
  }
  rejectBunches(shown);
  const interval = statedInterval(runs) ?? intervalOf(shown);
  if (interval > 1) return intervalFindings(shown, interval);
  rejectBuffered(shown);
  const merged = 1 - sumOf(shown, "chunks") / sumOf(shown, "tokens");
  const note = `${percent(merged)} of all tokens came merged with others, unevenly and under load: the server's own front end falls behind`;
  return { interval, notes: merged > MERGED ? [note] : [] };
}

function rejectWholeAnswers(cuts: readonly Cut[]): void {
  const timed = cuts.filter(({ spanMs }) => !Number.isNaN(spanMs));
  const atOnce = timed.filter(({ tokens, spanMs }) => spanMs < MIN_GAP_MS * (tokens - 1));
  if (atOnce.length <= timed.length / 2) return;
  throw rejected(
    `${atOnce.length} of ${timed.length} answers arrived whole, all at once: something between client and server (a proxy) holds ` +
      "them back until they are complete, so neither the time to the first token nor gaps are the server's",
  );
}

/** Of a server that sends several tokens a chunk; ArtifactError where that leaves no gap to see. */
function intervalFindings(shown: readonly Cut[], interval: number): ChunkFindings {
  const chunks = shown.map((cut) => cut.chunks);
  if (quantileOf(chunks, 0.5) <= 2) {
    throw new ArtifactError(
      `answers came in two chunks each: the server sends every ${interval}th token only (stream_interval), so gaps between ` +
        "tokens do not show; start it with --stream-interval 1 and record again",
    );
  }
  const note =
    `the server sends every ${interval}th token only (stream_interval ${interval}): gaps between chunks are not compared, and ` +
    "predictions are of a server with the same setting";
  return { interval, notes: [note] };
}

function rejectBuffered(shown: readonly Cut[]): void {
  const alone = shown.filter(({ isAlone }) => isAlone);
  const mergedAlone = 1 - sumOf(alone, "chunks") / Math.max(1, sumOf(alone, "tokens"));
  if (alone.length === 0 || mergedAlone <= MAX_MERGED_ALONE) return;
  throw rejected(
    `${percent(mergedAlone)} of the tokens of requests that were alone on the server arrived merged with others, unevenly: no busy ` +
      "front end does that; a proxy that buffers by size does, and so does speculative decoding",
  );
}

function cutOf({ extra, outputTokens, firstTokenNs, lastTokenNs }: RequestRecord): Cut {
  const times = chunkTimesMs(extra);
  const told = Number(extra?.chunks ?? "");
  return {
    tokens: outputTokens,
    chunks: told > 0 ? told : times.length,
    times,
    spanMs: ((lastTokenNs ?? NaN) - (firstTokenNs ?? NaN)) / 1e6,
    isAlone: /^(prefill-|decode-b1-)/.test(extra?.probe ?? ""),
  };
}

function rejectBunches(cuts: readonly Cut[]): void {
  let [gaps, together] = [0, 0];
  for (const { times } of cuts) {
    const meanMs = (times.at(-1)! - times[0]!) / Math.max(1, times.length - 1);
    for (let at = 1; at < times.length; at++) {
      gaps++;
      if (times[at]! - times[at - 1]! < TOGETHER * meanMs) together++;
    }
  }
  if (together <= MAX_TOGETHER * gaps) return;
  throw rejected(
    `${percent(together / gaps)} of chunks came together with the one before (at most ${percent(MAX_TOGETHER)} is allowed, a server's ` +
      "own front end stays below 1 %): something between client and server (a proxy) collects chunks and hands them on in bunches",
  );
}

function rejected(seen: string): ArtifactError {
  return new ArtifactError(
    `${seen}; record without it, or turn its buffering off (nginx: proxy_buffering off), and check with --base-url of the server itself`,
  );
}

function statedInterval(runs: readonly RecordedRun[]): number | undefined {
  const { stream_interval: stated } = runs[0]!.run.info.engine.settings;
  return typeof stated === "number" ? stated : undefined;
}

/** Chunks of an answer that is sent first token first, then every `interval` tokens, then what is left. */
export function chunksAt(interval: number, tokens: number): number {
  return 1 + Math.ceil((tokens - 1) / interval);
}

function intervalOf(cuts: readonly Cut[]): number {
  const usual = quantileOf(
    cuts.map(({ tokens, chunks }) => (tokens - 1) / Math.max(1, chunks - 1)),
    0.5,
  );
  for (const interval of new Set([Math.floor(usual), Math.ceil(usual)])) {
    if (interval < 2) continue;
    const noMore = cuts.filter(({ tokens, chunks }) => chunks <= chunksAt(interval, tokens)).length;
    const exactly = cuts.filter(({ tokens, chunks }) => chunks === chunksAt(interval, tokens)).length;
    if (noMore >= NO_MORE * cuts.length && exactly >= EXACT * cuts.length) return interval;
  }
  return 1;
}

function sumOf(cuts: readonly Cut[], what: "tokens" | "chunks"): number {
  return cuts.reduce((sum, cut) => sum + cut[what], 0);
}
