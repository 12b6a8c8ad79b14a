/**
 * A router sends each arriving request to a replica. It knows what a gateway before the servers would: the request's prompt,
 * and how many requests each replica has; nothing of answers, of the replicas' memory or of what comes later.
 */
import type { ContentRuns } from "../../formats/index.js";
import type { PrefixCacheSize } from "../policy/index.js";

/** A request that arrives. */
export interface RoutedRequest {
  /** Of a workload of sessions: which one it belongs to. */
  readonly session: number | undefined;
  readonly promptTokens: number;
  /** What the prompt says, no two neighbours of one id; empty: nothing is known of it. Made when it is asked for. */
  readonly prompt: ContentRuns;
}

/** The replicas at this moment, named by number. */
export interface Replicas {
  /** Those that take requests: ascending, at least one. */
  readonly serving: readonly number[];
  /** By replica: its requests that have not ended. */
  readonly outstanding: Int32Array;
}

export interface Router {
  /** Asked once for each request, in the order of arrival. Returns one of `serving`. */
  route(request: RoutedRequest, replicas: Replicas): number;
}

/** What a router is made from. */
export interface RouterInput {
  readonly seed: string;
  /** Weight of the load beside the expected hit share, of prefix-aware. */
  readonly beta: number;
}

/** What a router is made from that goes by prompts. */
export interface PrefixRouterInput extends RouterInput {
  /** Of each replica. */
  readonly prefixCache: PrefixCacheSize;
}
