/** round-robin: the replicas in turn, whatever they have to do. */
import type { Router } from "./router.js";

export function createRoundRobin(): Router {
  let next = 0;
  return { route: (_request, { serving }) => serving[next++ % serving.length]! };
}
