/** Which replica an arriving request goes to. */
import { stream } from "../kernel/index.js";

export const routerNames = ["round-robin", "least-outstanding", "random"] as const;
export type RouterName = (typeof routerNames)[number];

/** `outstanding` has each replica's requests that have not ended. Returns a replica's position. */
export type Router = (outstanding: Int32Array) => number;

/** Least outstanding: the first of equals. Random: uniform, from the seed's own stream. */
export function makeRouter(name: RouterName, seed: string): Router {
  if (name === "round-robin") {
    let next = 0;
    return (outstanding) => next++ % outstanding.length;
  }
  if (name === "random") {
    const random = stream(`${seed}/0/router`);
    return (outstanding) => Math.floor(random() * outstanding.length);
  }
  return (outstanding) => {
    let least = 0;
    for (let at = 1; at < outstanding.length; at++) if (outstanding[at]! < outstanding[least]!) least = at;
    return least;
  };
}
