/** The parts of a request that an engine of steps served, from the marks on its way. */
import type { RequestTable } from "../../formats/index.js";
import { noParts, type ExplainedRequest, type MutableParts } from "./part-names.js";
import type { Marks, WatchedEngine } from "./watched-engine.js";

/** A row of the run's table that has its whole answer. */
export function partsOfSteps(table: RequestTable, row: number, engine: WatchedEngine, marks: Marks): ExplainedRequest {
  const arrivalNs = table.arrivalNs[row]!;
  const sentNs = table.sentNs[row]!;
  const firstNs = table.firstTokenNs[row]!;
  const lastNs = table.lastTokenNs[row]!;
  const first = noParts();
  first.client = sentNs - arrivalNs;
  first.front_end = marks.queuedNs - sentNs;
  first.step_in_flight = marks.takenNs - marks.queuedNs;
  const { none, ...stops } = engine.stops.between(marks.takenNs, marks.admittedNs);
  first.step_in_flight += none;
  Object.assign(first, stops);
  const toFirst = engine.gpu.endNs(marks.first);
  const startNs = Math.min(toFirst, Math.max(marks.admittedNs, marks.inFlightUntilNs));
  first.step_in_flight += startNs - marks.admittedNs;
  const beside = [0, 0];
  addSteps(first, beside, { engine, marks, fromNs: startNs, toNs: toFirst });
  first.own_prefill = Math.min(marks.ownPrefillNs, first.others_prefill);
  first.others_prefill -= first.own_prefill;
  const firstSentNs = engine.sentNs[marks.first]!;
  first.host += firstSentNs - toFirst;
  first.delivery = firstNs - firstSentNs;

  const rest = noParts();
  const toLast = Math.max(firstNs, engine.gpu.endNs(marks.last));
  addSteps(rest, beside, { engine, marks, fromNs: firstNs, toNs: toLast });
  const lastSentNs = Math.max(toLast, engine.sentNs[marks.last]!);
  rest.host += lastSentNs - toLast;
  rest.delivery = lastNs - lastSentNs;
  const [decodeNs, besideNs] = beside as [number, number];
  return { first, rest, decodeNs, besideNs };
}

interface Stretch {
  readonly engine: WatchedEngine;
  readonly marks: Marks;
  readonly fromNs: number;
  readonly toNs: number;
}

/** Its steps' time, without those in which it had no part. `beside`: decode time, and that times the decodes. */
function addSteps(parts: MutableParts, beside: number[], { engine, marks, fromNs, toNs }: Stretch): void {
  if (toNs <= fromNs) return;
  let atNs = fromNs;
  const serveUntil = (untilNs: number): void => {
    const span = engine.gpu.between(atNs, untilNs);
    parts.host += span.host;
    parts.decode += span.decode;
    parts.others_prefill += span.prefill;
    beside[0]! += span.decode;
    beside[1]! += span.besideNs;
    atNs = untilNs;
  };
  for (const span of marks.spans) {
    const from = Math.max(atNs, span.fromNs);
    const to = Math.min(toNs, span.toNs);
    if (to <= from) continue;
    serveUntil(from);
    parts[span.part] += to - from;
    atNs = to;
  }
  serveUntil(toNs);
}
