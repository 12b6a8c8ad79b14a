/** least-outstanding: the replica with the fewest requests that have not ended, the first of equals. */
import type { Replicas, Router } from "./router.js";

export function createLeastOutstanding(): Router {
  return { route: (_request, replicas) => leastOutstanding(replicas) };
}

export function leastOutstanding({ serving, outstanding }: Replicas): number {
  let least = serving[0]!;
  for (const replica of serving) if (outstanding[replica]! < outstanding[least]!) least = replica;
  return least;
}
