/**
 * The requests of a load without their times, in any number: those of a distribution are drawn from it, those of a list
 * (prompts, a trace) are the list's own, taken evenly where it is longer than wanted and again where it is shorter.
 */
import type { ContentRuns, Load, WorkloadRequest } from "../../formats/index.js";
import { stream } from "../kernel/index.js";
import type { SimulatedRunInput } from "../engine/index.js";
import { tokenCounts } from "../policy/index.js";
import { goesByPrefix } from "../router/index.js";
import { syntheticLengths } from "../workload/index.js";
import { sortPlaces } from "./sort-places.js";

/** Draws that represent a distribution of lengths; a load of as many represents it itself. */
const POPULATION = 20_000;
/** Requests of a list whose prompts share something, most: which hit the cache depends on their order. */
const MAX_SHARING = 20_000;
/** Ids of contents of one repetition of a list are so far from those of the next. */
const ID_DISTANCE = 2 ** 32;

export interface Mix {
  /** Everything it is made from. */
  readonly population: readonly WorkloadRequest[];
  /** `count` of them, in an order of the seed's, or their own where prompts share something. */
  take(count: number): WorkloadRequest[];
}

/** Of a list whose prompts share something a replica sees every so many-th; all, where the router keeps what is alike together. */
export function everyOf({
  replicas = 1,
  router = "round-robin",
}: Pick<SimulatedRunInput, "replicas" | "router">): number {
  return goesByPrefix(router) ? 1 : replicas;
}

/** `every`: of a list whose prompts share something only every so many-th, as a replica behind a router sees it. */
export function mixOf({ load, workload, seed }: Pick<SimulatedRunInput, "load" | "workload" | "seed">, every = 1): Mix {
  const isShort = workload.requests.length < POPULATION;
  const population = isShort && isDrawn(load) ? drawn(load, workload.requests, seed) : workload.requests;
  if (population.some(({ content }) => content !== undefined)) {
    const seen = population.filter((_, index) => index % every === 0).slice(0, MAX_SHARING);
    return { population, take: (count) => repeated(seen, count) };
  }
  const sorted = byLength(population);
  const requestAt = (rank: number): WorkloadRequest => population[sorted[rank]!]!;
  return { population, take: (count) => shuffled(evenly(population.length, count).map(requestAt), seed) };
}

function isDrawn(load: Load): boolean {
  return load.workload === undefined && load.dataset_name !== undefined && load.dataset_name !== "prompts";
}

/** The distribution, of which the run's own requests are the first; priorities are theirs in turn. */
function drawn(load: Load, own: readonly WorkloadRequest[], seed: string): WorkloadRequest[] {
  const { promptTokens, outputTokens, contentOf } = syntheticLengths(load, POPULATION, seed);
  return Array.from(promptTokens, (prompt, index) => {
    const priority = own[index % own.length]?.priority;
    return {
      id: String(index),
      promptTokens: prompt,
      outputTokens: outputTokens[index]!,
      ...(contentOf === undefined ? {} : { content: contentOf(index) }),
      ...(priority === undefined ? {} : { priority }),
    };
  });
}

/** Places in the list, by output and then by prompt tokens. */
function byLength(requests: readonly WorkloadRequest[]): Uint32Array {
  const { promptTokens, outputTokens } = tokenCounts(requests);
  const places = new Uint32Array(requests.length).map((_, place) => place);
  return sortPlaces(sortPlaces(places, promptTokens), outputTokens);
}

/** So many places of a sorted list of that length that every part of it has its share. */
function evenly(length: number, count: number): number[] {
  if (count <= length) return Array.from({ length: count }, (_, k) => Math.floor(((k + 0.5) * length) / count));
  const whole = Array.from({ length: count - (count % length) }, (_, k) => k % length);
  return count % length === 0 ? whole : whole.concat(evenly(length, count % length));
}

/** Fisher and Yates. */
function shuffled(requests: WorkloadRequest[], seed: string): WorkloadRequest[] {
  const random = stream(`${seed}/0/capacity-order`);
  for (let last = requests.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [requests[last], requests[other]] = [requests[other]!, requests[last]!];
  }
  return requests;
}

/** The list again and again; a repetition shares with itself what the list does, and nothing with the one before. */
function repeated(list: readonly WorkloadRequest[], count: number): WorkloadRequest[] {
  return Array.from({ length: count }, (_, k) => {
    const request = list[k % list.length]!;
    const times = Math.floor(k / list.length);
    const { content } = request;
    return times === 0 || content === undefined ? request : { ...request, content: renamed(content, times) };
  });
}

function renamed(content: ContentRuns, times: number): ContentRuns {
  return content.map(([tokenId, tokens]) => [tokenId + times * ID_DISTANCE, tokens] as const);
}
