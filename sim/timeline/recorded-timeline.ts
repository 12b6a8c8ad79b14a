/** The timeline of a real run by servesim itself, from its records of steps or batches. */
import { listedId, type RequestRecord, type Run, type ScheduledStepRecord } from "../../formats/index.js";
import { withIdle } from "./idle-counts.js";
import { requestTimeline } from "./request-timeline.js";
import type { EngineTimeline, PhaseStart, Timeline, TimelineWork } from "./timeline.js";
import { timelineOfBatches } from "./timeline-of-batches.js";

/** `steps` of a run of steps as it was measured; of another, its batches tell. */
export function recordedTimeline({ info, requests, batches, steps }: Run): Timeline {
  if (steps === undefined) return timelineOfBatches(requests, batches);
  const { total } = info.kv_blocks as { total: number };
  const marks = marksOf(requests, steps);
  return {
    work: "steps",
    engines: [engineOf(requests, steps, total)],
    requests: requests.map((record, row) => requestTimeline(record, marks[row])),
  };
}

function engineOf(
  requests: readonly RequestRecord[],
  steps: readonly ScheduledStepRecord[],
  kvBlocks: number,
): EngineTimeline {
  const counts = steps.map(({ scheduleEndNs: atNs, running, waiting, freeBlocks }) => ({
    ...{ atNs, running, waiting },
    kvBlocks: kvBlocks - freeBlocks,
  }));
  return { work: steps.flatMap((step) => workOf(step) ?? []), counts: withIdle(counts, requests) };
}

/** In the worker; nothing of a pass without tokens. */
function workOf(step: ScheduledStepRecord): TimelineWork | undefined {
  const { computeStartNs: startNs, computeEndNs: endNs } = step;
  if (startNs === undefined || endNs === undefined) return undefined;
  const { scheduledTokens: tokens, prefillTokens, decodeRequests, scheduledRequests: requests } = step;
  return { startNs, endNs, tokens, prefillTokens, decodeRequests, requests };
}

interface Marks {
  readonly engine: 0;
  readonly phases: PhaseStart[];
  firstPlace: number | undefined;
  /** When its prefill was computed as far as its prompt goes; a resumed request may compute more. */
  prefilledNs: number | undefined;
}

/** By row. A record of a step lists who prefills and who is put back; who decodes follows. */
function marksOf(requests: readonly RequestRecord[], steps: readonly ScheduledStepRecord[]): readonly Marks[] {
  const marks = requests.map((): Marks => ({ engine: 0, phases: [], firstPlace: undefined, prefilledNs: undefined }));
  const rows = new Map(requests.map(({ requestId }, row) => [listedId(requestId), row]));
  let place = 0;
  for (const { scheduleStartNs, computeEndNs, preemptedIds, prefillChunks } of steps) {
    for (const id of listed(preemptedIds)) {
      const request = marks[rows.get(id) ?? -1];
      if (request === undefined) continue;
      decodes(request);
      request.phases.push({ phase: "preempted", atNs: scheduleStartNs });
    }
    for (const chunk of listed(prefillChunks)) {
      const [id, tokens, past] = chunk.split(":");
      const row = rows.get(id!) ?? -1;
      const request = marks[row];
      // A run that was stopped has records only of the requests that had ended.
      if (request === undefined) continue;
      request.firstPlace ??= place;
      if (request.phases.at(-1)?.phase !== "prefill") request.phases.push({ phase: "prefill", atNs: scheduleStartNs });
      if (Number(tokens) + Number(past) >= requests[row]!.promptTokens) request.prefilledNs = computeEndNs;
    }
    if (computeEndNs !== undefined) place++;
  }
  for (const request of marks) decodes(request);
  return marks;
}

function decodes(request: Marks): void {
  if (request.prefilledNs !== undefined) request.phases.push({ phase: "decode", atNs: request.prefilledNs });
  request.prefilledNs = undefined;
}

function listed(cell: string): string[] {
  return cell === "" ? [] : cell.split(";");
}
