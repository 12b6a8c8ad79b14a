/** A request's known content as stretches of blocks: its prompt, what it follows included, and its answer. */
import { InvariantError } from "../../../../formats/index.js";
import type { SchedulerRequest } from "../../step.js";
import { piecesFrom } from "../content-reader.js";
import { blockText } from "../prefix-keys.js";
import type { BlockContent } from "./content-chain.js";

/**
 * Calls back for each stretch of blocks of equal content from block `from` on, in order: up to the first tokens that are like
 * no other request's, and the last block that is full.
 */
export function eachStretch(
  requests: readonly SchedulerRequest[],
  index: number,
  { from, blockSize }: { readonly from: number; readonly blockSize: number },
  tell: (content: BlockContent, blocks: number) => void,
): void {
  /** Runs of the block that is not full yet, and its tokens. */
  let mixed: [tokenId: number, tokens: number][] = [];
  let filled = 0;
  const { pieces, startsAt } = piecesFrom(requests, index, from * blockSize);
  let passed = from * blockSize - startsAt;
  for (const { runs = [], tokens } of pieces) {
    if (runs.length === 0) return;
    let tokensLeft = tokens;
    for (let at = 0; at < runs.length && tokensLeft > 0; at++) {
      const run = runs[at]!;
      const tokenId = run[0];
      let left = Math.min(run[1], tokensLeft);
      tokensLeft -= left;
      if (passed > 0) {
        const skipped = Math.min(left, passed);
        passed -= skipped;
        left -= skipped;
      }
      if (filled > 0) {
        const taken = Math.min(left, blockSize - filled);
        const last = mixed.at(-1)!;
        if (last[0] === tokenId) last[1] += taken;
        else if (taken > 0) mixed.push([tokenId, taken]);
        filled += taken;
        left -= taken;
        if (filled < blockSize) continue;
        tell(mixed.length === 1 ? mixed[0]![0] : blockText(mixed), 1);
      }
      const blocks = Math.floor(left / blockSize);
      if (blocks > 0) tell(tokenId, blocks);
      filled = left - blocks * blockSize;
      if (filled > 0) mixed = [[tokenId, filled]];
    }
    if (tokensLeft > 0) {
      throw new InvariantError(
        `the content of request ${index} ends ${tokensLeft} tokens before the end of a prompt or answer`,
      );
    }
  }
}
