/** Of a profile of a vLLM server: KV blocks that running sequences take, beside those that its recorded steps held. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Profile } from "../../formats/index.js";
import { readBlockCounts, type BlockCounts } from "../../formats/files/index.js";
import type { MeasuredMemory, MemoryLine, MemoryScene } from "../../report/charts/index.js";

/** Steps that are drawn, evenly chosen. */
const MOST_POINTS = 250;
const LINE_PLACES = 64;
/** Lengths of sequences, as shares of the longest. */
const SHARES = [1 / 16, 1 / 4, 1];

/** `raw`: folder of the recorded runs, where it is there. */
export async function blockScene(profile: Profile, raw: string | undefined): Promise<MemoryScene> {
  const settings = settingsOf(profile);
  const lines = SHARES.map((share) => lineOf(Math.round(share * settings.longest), settings));
  const counts = raw === undefined || settings.cached ? [] : await recordedCounts(raw);
  const measured = evenly(counts).map((count) => pointOf(count, settings));
  return {
    unit: "KV blocks",
    lines,
    measured,
    limit: settings.blocks,
    words: wordsOf(settings, counts.length, measured.length),
  };
}

interface Settings {
  readonly blockSize: number;
  /** That requests can have: one of the pool is never given out. */
  readonly blocks: number;
  readonly seats: number;
  /** Tokens of the longest sequence. */
  readonly longest: number;
  /** Blocks are shared between requests. */
  readonly cached: boolean;
}

function settingsOf({ engine, memory, model, range }: Profile): Settings {
  const number = (key: string): number | undefined => {
    const value = engine.settings[key];
    return typeof value === "number" && value > 0 ? value : undefined;
  };
  const blockSize = number("block_size") ?? 16;
  const room = (memory.total_bytes - memory.base_bytes) / (memory.kv_bytes_per_token * blockSize);
  return {
    blockSize,
    blocks: (number("num_gpu_blocks") ?? Math.floor(room)) - 1,
    seats: number("max_num_seqs") ?? range.batch[1],
    longest: number("max_model_len") ?? model.positions,
    cached: engine.settings.enable_prefix_caching === true,
  };
}

function lineOf(tokens: number, { blockSize, seats }: Settings): MemoryLine {
  const places = Math.min(seats, LINE_PLACES);
  const counts = Array.from({ length: places }, (_, at) => Math.max(1, Math.round((seats * (at + 1)) / places)));
  const points = [0, ...counts].map((sequences) => ({ sequences, amount: sequences * Math.ceil(tokens / blockSize) }));
  return { name: `${tokens.toLocaleString("en-US")} tokens each`, points };
}

/** A request's last block is half full on average. */
function pointOf({ requests, tokens, freeBlocks }: BlockCounts, { blockSize, blocks }: Settings): MeasuredMemory {
  const amount = blocks - freeBlocks;
  const modelled = (tokens + (requests * (blockSize - 1)) / 2) / blockSize;
  const text = `${requests} sequences of ${tokens.toLocaleString("en-US")} tokens in all: ${amount} blocks, ${modelled.toFixed(0)} modelled`;
  return { sequences: requests, amount, modelled, text };
}

/** Of every recorded run of the folder. */
async function recordedCounts(folder: string): Promise<BlockCounts[]> {
  const runs = readdirSync(folder)
    .sort()
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isDirectory());
  const counts: BlockCounts[] = [];
  for (const run of runs) for (const count of (await readBlockCounts(run)) ?? []) counts.push(count);
  return counts;
}

function evenly(counts: readonly BlockCounts[]): BlockCounts[] {
  if (counts.length <= MOST_POINTS) return [...counts];
  return Array.from({ length: MOST_POINTS }, (_, at) => counts[Math.floor((at * counts.length) / MOST_POINTS)]!);
}

function wordsOf({ blockSize, blocks, seats, longest, cached }: Settings, counted: number, drawn: number): string[] {
  const each = Math.ceil(longest / blockSize);
  const text = (value: number): string => value.toLocaleString("en-US");
  const fit = Math.floor(blocks / each);
  const most =
    fit >= seats
      ? `all ${seats} sequences that may run fit at ${text(longest)} tokens each`
      : `${text(fit)} sequences of ${text(longest)} tokens fit, of ${seats} that may run`;
  const measured = drawn < counted ? [`Measured: ${drawn} of ${text(counted)} recorded steps, evenly chosen.`] : [];
  const shared = cached ? ["With prefix caching sequences share blocks, so recorded steps are not compared."] : [];
  return [`${text(blocks)} blocks of ${blockSize} tokens: ${most}.`, ...measured, ...shared];
}
