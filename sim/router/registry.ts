/** Every router by name. Adding a router is one file and one entry here. */
import { ConfigError, InvariantError } from "../../formats/index.js";
import type { PrefixCacheSize } from "../policy/index.js";
import { createLeastOutstanding } from "./least-outstanding.js";
import { createPowerOfTwo } from "./power-of-two.js";
import { createPrefixAware } from "./prefix-aware.js";
import { ArrivingRequest, type PromptSource } from "./prompt-runs.js";
import { createRandom } from "./random.js";
import { createRoundRobin } from "./round-robin.js";
import type { PrefixRouterInput, Replicas, Router, RouterInput } from "./router.js";
import { createSessionAffinity } from "./session-affinity.js";

/**
 * `draws`: its choices are random. `byPrefix`: it sends prompts to where their beginnings are cached. `blind`: it does not look at
 * the replicas' requests, only at which replicas serve.
 */
type Registered =
  | (Traits & { readonly byPrefix?: undefined; create(input: RouterInput): Router })
  | (Traits & { readonly byPrefix: true; create(input: PrefixRouterInput): Router });

interface Traits {
  readonly draws?: true;
  readonly blind?: true;
}

const registry = {
  "round-robin": { blind: true, create: createRoundRobin },
  "least-outstanding": { create: createLeastOutstanding },
  random: { draws: true, blind: true, create: createRandom },
  "power-of-two": { draws: true, create: createPowerOfTwo },
  "session-affinity": { byPrefix: true, create: createSessionAffinity },
  "prefix-aware": { byPrefix: true, create: createPrefixAware },
} satisfies Readonly<Record<string, Registered>>;

export type RouterName = keyof typeof registry;
export const routerNames = Object.keys(registry) as RouterName[];

/** A replica with the mean load must promise half a prompt more than an idle one. */
export const DEFAULT_BETA = 0.5;

export interface RouterOptions {
  readonly requests: readonly PromptSource[];
  readonly seed: string;
  readonly beta?: number | undefined;
  /** Absent: the replicas have none. */
  readonly prefixCache?: PrefixCacheSize | undefined;
}

/** Chooses a replica for a request, by its place in the workload. */
export type Route = (index: number, replicas: Replicas) => number;

/** The same options, the same choices. */
export function makeRouter(name: RouterName, { requests, ...options }: RouterOptions): Route {
  const router = createRouter(name, options);
  const arriving = new ArrivingRequest(requests);
  return (index, replicas) => router.route(arriving.at(index), replicas);
}

export function createRouter(name: RouterName, options: Omit<RouterOptions, "requests">): Router {
  const { seed, beta = DEFAULT_BETA, prefixCache } = options;
  const entry: Registered = registry[name];
  if (entry.byPrefix === undefined) return entry.create({ seed, beta });
  if (prefixCache === undefined) throw new InvariantError(`${name} was made for replicas without a prefix cache`);
  return entry.create({ seed, beta, prefixCache });
}

/** Whether its choices depend on the seed. */
export function routerDraws(name: RouterName): boolean {
  return (registry[name] as Registered).draws === true;
}

/** Whether its choices do not depend on what the replicas have to do. */
export function routesBlindly(name: RouterName): boolean {
  return (registry[name] as Registered).blind === true;
}

/** Whether it sends prompts to where their beginnings are cached. */
export function goesByPrefix(name: RouterName): boolean {
  return (registry[name] as Registered).byPrefix === true;
}

/** Routers of replicas that have a prefix cache, or none. */
export function routersFor(hasPrefixCache: boolean): readonly RouterName[] {
  return routerNames.filter((name) => hasPrefixCache || !goesByPrefix(name));
}

/** ConfigError for a router that goes by prefix caches where the policy has none. */
export function requireRouter(name: RouterName, policy: string, hasPrefixCache: boolean): void {
  const known = routersFor(hasPrefixCache);
  if (known.includes(name)) return;
  throw new ConfigError(
    `router ${name}: it needs prefix caches, ${policy} has none, expected one of ${known.join(", ")}`,
  );
}

/** ConfigError for a beta that the router would not look at; `key` is its name where it was given. */
export function requireBetaOf(router: RouterName, beta: number | undefined, key: string): void {
  if (beta === undefined || router === "prefix-aware") return;
  throw new ConfigError(`${key}: only the router prefix-aware has it, not ${router}; leave it out`);
}
