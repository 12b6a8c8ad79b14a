/**
 * How much a request takes of a full server, by its lengths: a line in prompt and output tokens through how long requests
 * were in service. (Each shares the server with as many others, so time in service is its share of the server's.)
 */
import type { RequestRecord } from "../../formats/index.js";
import { mean } from "../metrics/index.js";

export interface Sized {
  readonly promptTokens: number;
  readonly outputTokens: number;
}

/** Work relative to the mean of a population, whose mean is 1. */
export function relativeWork(
  answered: readonly RequestRecord[],
  population: readonly Sized[],
): (request: Sized) => number {
  const line = lineOf(answered);
  const average = mean(population.map(line));
  return (sized) => line(sized) / average;
}

/** Least squares of service on 1, prompt and output tokens; slopes are not negative, and no request takes nothing. */
function lineOf(answered: readonly RequestRecord[]): (sized: Sized) => number {
  const meanOf = (of: (request: RequestRecord) => number): number => mean(answered.map(of));
  const service = ({ scheduledNs, lastTokenNs }: RequestRecord): number => lastTokenNs! - scheduledNs!;
  const [prompt, output, ns] = [meanOf((r) => r.promptTokens), meanOf((r) => r.outputTokens), meanOf(service)];
  let [pp, oo, po, ps, os] = [0, 0, 0, 0, 0];
  for (const request of answered) {
    const [p, o, s] = [request.promptTokens - prompt, request.outputTokens - output, service(request) - ns];
    pp += p * p;
    oo += o * o;
    po += p * o;
    ps += p * s;
    os += o * s;
  }
  const alone = (xx: number, xs: number): number => (xx > 0 ? Math.max(0, xs / xx) : 0);
  const both = pp * oo - po * po;
  let [perPrompt, perOutput] =
    both > 1e-9 * pp * oo ? [(ps * oo - os * po) / both, (os * pp - ps * po) / both] : [-1, -1];
  // A slope below zero is chance: the other one is fitted by itself.
  if (perPrompt < 0) [perPrompt, perOutput] = [0, alone(oo, os)];
  else if (perOutput < 0) [perPrompt, perOutput] = [alone(pp, ps), 0];
  return (sized) =>
    Math.max(ns / 100, ns + perPrompt * (sized.promptTokens - prompt) + perOutput * (sized.outputTokens - output));
}
