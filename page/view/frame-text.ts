/** A frame in words. */
import type { Frame, FrameRow, Frames } from "../worker/index.js";
import { duration, figure } from "./figures.js";

export function frameText({ work, frames, kv }: Frames, at: number): string {
  const { startNs, endNs, waiting, rows, preempted } = frames[at]!;
  const numbered = (doing: FrameRow["doing"]): number => rows.filter((row) => row.doing === doing).length;
  const prefillTokens = rows.reduce((sum, { doing, tokens }) => sum + (doing === "prefill" ? tokens : 0), 0);
  const parts = [
    told(numbered("prefill"), `prefill${numbered("prefill") === 1 ? "s" : ""} ${figure(prefillTokens, 6)} tokens`),
    told(numbered("decode"), numbered("decode") === 1 ? "decodes" : "decode"),
    told(numbered("out"), "left out of this step"),
    told(numbered("done"), "done, waiting for the end of the batch"),
    told(preempted.length, "put back, for lack of blocks"),
    waiting.length === 0 ? "nobody waits" : told(waiting.length, waiting.length === 1 ? "waits" : "wait"),
    kv === undefined
      ? undefined
      : `${figure(blocksHeld(frames[at]!, kv, at).size, 6)} of ${figure(kv.blocks, 6)} KV blocks in use`,
  ];
  const what = `${work === "steps" ? "Step" : "Picture"} ${figure(at + 1, 6)} of ${figure(frames.length, 6)}`;
  const when = `${(startNs / 1e9).toFixed(3)} s, ${duration((endNs - startNs) / 1e6)} long`;
  return `${what} (${when}): ${parts.filter((part) => part !== undefined).join("; ")}.`;
}

function told(count: number, what: string): string | undefined {
  return count === 0 ? undefined : `${count} ${what}`;
}

/** Who holds each block that is in use; of a shared one, the latest of them. */
export function blocksHeld({ rows }: Frame, { holdings }: NonNullable<Frames["kv"]>, at: number): Map<number, number> {
  const heldBy = new Map(rows.map(({ request, blocks }) => [request, blocks]));
  const owners = new Map<number, number>();
  for (const { request, fromFrame, toFrame, ids } of holdings) {
    if (at < fromFrame || at > toFrame) continue;
    const count = heldBy.get(request) ?? 0;
    for (let place = 0; place < count; place++) owners.set(ids[place]!, request);
  }
  return owners;
}
