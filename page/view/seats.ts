/** Places in a batch: a request keeps its place from frame to frame, and a free one goes to the next that comes. */
import type { Frame } from "../worker/index.js";

/** By frame, the place of each of its rows. */
export function seatsOf(frames: readonly Frame[]): readonly (readonly number[])[] {
  let seats = new Map<number, number>();
  return frames.map(({ rows }) => {
    const kept = new Map(rows.flatMap(({ request }) => (seats.has(request) ? [[request, seats.get(request)!]] : [])));
    const taken = new Set(kept.values());
    let next = 0;
    for (const { request } of rows) {
      if (kept.has(request)) continue;
      while (taken.has(next)) next++;
      kept.set(request, next);
      taken.add(next);
    }
    seats = kept;
    return rows.map(({ request }) => kept.get(request)!);
  });
}
