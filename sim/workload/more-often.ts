/**
 * A trace with more, or fewer, requests at the same time of day: each request comes `factor` times on average. The
 * first copy keeps its time; others are moved by up to half a minute, so that copies do not come as bursts, and rates
 * by the minute stay.
 */
import { ConfigError, type WorkloadRequest } from "../../formats/index.js";
import type { Random } from "../kernel/index.js";

/** A copy is moved by at most this much. */
const REACH_NS = 30e9;

/**
 * In order of arrival. ConfigError for prompts that share content: copies would find each other in the prefix cache.
 */
export function moreOften(requests: readonly WorkloadRequest[], factor: number, random: Random): WorkloadRequest[] {
  if (requests.some(({ content, follows }) => content !== undefined || follows !== undefined)) {
    throw new ConfigError(
      `--scale ${factor}: prompts of the trace share content, copies would find each other in the prefix cache; ` +
        "give --trace-rate, which scales the trace's times",
    );
  }
  const lastNs = requests.at(-1)?.arrivalNs ?? 0;
  const copies: WorkloadRequest[] = [];
  for (const request of requests) {
    const count = Math.floor(factor) + (random() < factor % 1 ? 1 : 0);
    for (let copy = 0; copy < count; copy++) {
      const { arrivalNs = 0, id } = request;
      if (copy === 0) copies.push(request);
      else {
        const movedNs = Math.round(arrivalNs + (2 * random() - 1) * REACH_NS);
        copies.push({ ...request, id: `${id}+${copy}`, arrivalNs: inside(movedNs, lastNs) });
      }
    }
  }
  return copies.sort((a, b) => a.arrivalNs! - b.arrivalNs!);
}

/** What would fall out at an end of the trace is reflected there. */
function inside(timeNs: number, lastNs: number): number {
  const reflected = timeNs < 0 ? -timeNs : timeNs > lastNs ? 2 * lastNs - timeNs : timeNs;
  return Math.min(lastNs, Math.max(0, reflected));
}
