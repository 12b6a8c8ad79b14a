/** Turns a load description and prompts (or explicit requests) into the one explicit request list that runs serve. */
import { ConfigError, type Load, type Workload, type WorkloadRequest } from "../../formats/index.js";
import { stream } from "../kernel/index.js";
import { arrivalTimesNs } from "./arrivals.js";
import type { Tokenize } from "./tokenizer.js";

export interface PromptSource {
  readonly prompts: readonly string[];
  readonly tokenize: Tokenize;
}

/**
 * The requests of a load. Prompts are used in order and from the start again when there are fewer than num_prompts.
 * A load with neither rate nor concurrency sends everything at time 0.
 */
export function workloadFromPrompts(load: Load, source: PromptSource, seed: string): Workload {
  const count = load.num_prompts ?? source.prompts.length;
  if (source.prompts.length === 0) throw new ConfigError("no prompts, expected at least one");
  const lengths = source.prompts.map((prompt) => source.tokenize(prompt).length);
  const isClosed = load.request_rate === undefined && load.max_concurrency !== undefined;
  const arrivalsNs = isClosed
    ? undefined
    : arrivalTimesNs(
        count,
        { ratePerS: load.request_rate, burstiness: load.burstiness, kind: load.arrivals },
        stream(`${seed}/0/arrivals`),
      );
  const requests = Array.from({ length: count }, (_, index): WorkloadRequest => {
    const pick = index % source.prompts.length;
    return {
      id: String(index),
      ...(arrivalsNs === undefined ? {} : { arrivalNs: arrivalsNs[index]! }),
      promptTokens: lengths[pick]!,
      outputTokens: load.output_len,
      prompt: source.prompts[pick]!,
    };
  });
  return withClients(requests, load);
}

/** The requests of a workload file, cut to num_prompts, under the load's concurrency. */
export function workloadFromRequests(load: Load, requests: readonly WorkloadRequest[]): Workload {
  if (load.request_rate !== undefined) {
    throw new ConfigError("a workload file has its own arrival times, request_rate cannot be given with it");
  }
  return withClients(requests.slice(0, load.num_prompts ?? requests.length), load);
}

function withClients(requests: readonly WorkloadRequest[], load: Load): Workload {
  return {
    requests,
    maxConcurrency: load.max_concurrency ?? Infinity,
    thinkNs: Math.round(load.think_time_s * 1e9),
  };
}
