/** The timeline of a run of whole batches, simulated or real, from its records. */
import type { BatchRecord, RequestRecord } from "../../formats/index.js";
import { requestTimeline, type RequestMarks } from "./request-timeline.js";
import type { PhaseStart, Timeline, TimelineCounts, TimelineWork } from "./timeline.js";

export function timelineOfBatches(requests: readonly RequestRecord[], batches: readonly BatchRecord[]): Timeline {
  const ordered = batches.toSorted((a, b) => a.startNs - b.startNs);
  const places = new Map(ordered.map(({ batchId }, place) => [batchId, place]));
  return {
    work: "batches",
    engines: [{ work: ordered.map(workOf), counts: countsOf(requests, ordered) }],
    requests: requests.map((record) => requestTimeline(record, marksOf(record, places))),
  };
}

/** A batch's lengths are those that all its rows are padded to. */
function workOf({ startNs, firstTokenNs, endNs, size, promptTokens, outputTokens }: BatchRecord): TimelineWork {
  const prefillTokens = size * promptTokens;
  const tokens = prefillTokens + size * outputTokens;
  return { startNs, firstTokenNs, endNs, tokens, prefillTokens, decodeRequests: size, requests: size };
}

function marksOf(record: RequestRecord, places: ReadonlyMap<number, number>): RequestMarks | undefined {
  const { scheduledNs, firstTokenNs, batchId } = record;
  if (scheduledNs === undefined) return undefined;
  const phases: PhaseStart[] = [{ phase: "prefill", atNs: scheduledNs }];
  if (firstTokenNs !== undefined) phases.push({ phase: "decode", atNs: firstTokenNs });
  return { engine: 0, phases, firstPlace: batchId === undefined ? undefined : places.get(batchId) };
}

/** What waits is sent and not scheduled; what runs is in a batch under way. */
function countsOf(requests: readonly RequestRecord[], batches: readonly BatchRecord[]): TimelineCounts[] {
  const changes: { readonly atNs: number; readonly running: number; readonly waiting: number }[] = [];
  for (const { sentNs, scheduledNs } of requests) {
    if (sentNs === undefined || scheduledNs === undefined) continue;
    changes.push({ atNs: sentNs, running: 0, waiting: 1 }, { atNs: scheduledNs, running: 0, waiting: -1 });
  }
  for (const { startNs, endNs, size } of batches) {
    changes.push({ atNs: startNs, running: size, waiting: 0 }, { atNs: endNs, running: -size, waiting: 0 });
  }
  changes.sort((a, b) => a.atNs - b.atNs);
  const counts: TimelineCounts[] = [];
  let [running, waiting] = [0, 0];
  for (const [at, change] of changes.entries()) {
    running += change.running;
    waiting += change.waiting;
    if (changes[at + 1]?.atNs !== change.atNs) counts.push({ atNs: change.atNs, running, waiting });
  }
  return counts;
}
