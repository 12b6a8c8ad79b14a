/** random: any replica with the same probability. */
import { stream } from "../kernel/index.js";
import type { Router, RouterInput } from "./router.js";

export function createRandom({ seed }: RouterInput): Router {
  const random = routerStream(seed);
  return { route: (_request, { serving }) => serving[Math.floor(random() * serving.length)]! };
}

/** The random numbers of a run's router. */
export function routerStream(seed: string): () => number {
  return stream(`${seed}/0/router`);
}
