/**
 * The KV blocks of the server behind a recording: as given, as the file says, or as its name says (`sequential-*` had 90
 * blocks of 32 tokens, `tight-*` 44). For other names they are inferred: cached tokens are whole blocks, and of all pools
 * the one that gives most of the recorded counts is taken, the smallest of equals.
 */
import { basename } from "node:path";
import type { SessionRecording, RecordedTurn } from "./recording.js";
import { replaySessions, type Pool } from "./replay.js";

const BLOCK_SIZE = 32;
const BLOCKS_BY_NAME: readonly (readonly [prefix: string, numGpuBlocks: number])[] = [
  ["sequential-", 90],
  ["tight-", 44],
];

/** `note` where neither the caller nor the file nor its name tells. */
export function poolOf(
  path: string,
  { rows, block_size, num_gpu_blocks }: SessionRecording,
  given: Partial<Pool>,
): { pool: Pool; note?: string } {
  const named = BLOCKS_BY_NAME.find(([prefix]) => basename(path).startsWith(prefix))?.[1];
  const numGpuBlocks = given.numGpuBlocks ?? num_gpu_blocks ?? named;
  const blockSize = given.blockSize ?? block_size ?? (named === undefined ? commonBlockSize(rows) : BLOCK_SIZE);
  if (numGpuBlocks !== undefined) return { pool: { blockSize, numGpuBlocks } };
  const pool = bestPool(rows, blockSize);
  return { pool, note: `says no num_gpu_blocks, ${pool.numGpuBlocks} blocks of ${blockSize} fit its rows best` };
}

/** The largest block that all cached counts are multiples of, up to the usual 32. */
function commonBlockSize(rows: readonly RecordedTurn[]): number {
  const divisor = rows.reduce((common, { cached_tokens }) => gcd(common, cached_tokens), 0);
  return divisor === 0 ? BLOCK_SIZE : gcd(divisor, BLOCK_SIZE);
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** Of the pools from one that holds the longest turn to one that holds them all. */
function bestPool(rows: readonly RecordedTurn[], blockSize: number): Pool {
  const blocks = rows.map((row) => Math.ceil((row.prompt_tokens + row.output_tokens) / blockSize));
  const most = 1 + blocks.reduce((sum, one) => sum + one, 0);
  let best: { pool: Pool; identical: number } | undefined;
  for (let numGpuBlocks = 1 + Math.max(...blocks); numGpuBlocks <= most; numGpuBlocks++) {
    const pool = { blockSize, numGpuBlocks };
    const identical = replaySessions(rows, pool).identicalRequests;
    if (best === undefined || identical > best.identical) best = { pool, identical };
    if (identical === rows.length) break;
  }
  return best!.pool;
}
