/**
 * power-of-two: of two replicas drawn at random, the one with fewer outstanding requests, the first drawn of equals
 * (Mitzenmacher, "The power of two choices in randomized load balancing", 2001).
 */
import { routerStream } from "./random.js";
import type { Router, RouterInput } from "./router.js";

export function createPowerOfTwo({ seed }: RouterInput): Router {
  const random = routerStream(seed);
  return {
    route: (_request, { serving, outstanding }) => {
      const { length } = serving;
      if (length === 1) return serving[0]!;
      const at = Math.floor(random() * length);
      const among = Math.floor(random() * (length - 1));
      const first = serving[at]!;
      const second = serving[among < at ? among : among + 1]!;
      return outstanding[second]! < outstanding[first]! ? second : first;
    },
  };
}
