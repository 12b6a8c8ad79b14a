/** A request's phases from its record and from what an engine noted on its way. */
import type { RequestRecord } from "../../formats/index.js";
import type { PhaseStart, RequestTimeline } from "./timeline.js";

/** What an engine noted of a request: phases after the queue, in the order in which they were decided. */
export interface RequestMarks {
  readonly phases: readonly PhaseStart[];
  /** Place of the first piece of work with it. */
  readonly firstPlace?: number | undefined;
  readonly engine: number;
}

/** `marks` absent: no engine had it. */
export function requestTimeline(record: RequestRecord, marks: RequestMarks | undefined): RequestTimeline {
  const { requestId, status, arrivalNs, promptTokens, outputTokens } = record;
  const endNs = record.lastTokenNs ?? record.firstTokenNs ?? record.scheduledNs ?? record.sentNs ?? arrivalNs;
  const firstPlace = marks?.firstPlace;
  return {
    ...{ requestId, status, arrivalNs, endNs, promptTokens, outputTokens },
    phases: marks === undefined || marks.phases.length === 0 ? [] : phasesUntil(endNs, record, marks.phases),
    first: marks === undefined || firstPlace === undefined ? undefined : { engine: marks.engine, place: firstPlace },
  };
}

/**
 * In order of time. The first decode begins with the first token at the client. A phase that begins no later than the one before
 * takes its place: with two steps in flight a request may be preempted while a step still computes its token.
 */
function phasesUntil(
  endNs: number,
  { arrivalNs, firstTokenNs }: RequestRecord,
  marks: readonly PhaseStart[],
): PhaseStart[] {
  const phases: PhaseStart[] = [{ phase: "queue", atNs: arrivalNs }];
  let hasToken = false;
  for (const mark of marks) {
    const isFirst = mark.phase === "decode" && !hasToken;
    hasToken ||= mark.phase === "decode";
    const atNs = Math.max(arrivalNs, isFirst ? (firstTokenNs ?? mark.atNs) : mark.atNs);
    while (phases.length > 0 && phases.at(-1)!.atNs >= atNs) phases.pop();
    if (phases.at(-1)?.phase !== mark.phase) phases.push({ phase: mark.phase, atNs });
  }
  while (phases.length > 1 && phases.at(-1)!.atNs >= endNs) phases.pop();
  return phases;
}
