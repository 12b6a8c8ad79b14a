/** The timeline of a simulated run. Of steps it takes every one, so it takes longer than the run alone; the results are the same. */
import { recordsOfTable } from "../../formats/index.js";
import { simulateOutcome, type SimulatedRunInput } from "../engine/index.js";
import { RecordedEngine } from "./recorded-engine.js";
import { requestTimeline } from "./request-timeline.js";
import type { Timeline } from "./timeline.js";
import { timelineOfBatches } from "./timeline-of-batches.js";

/** Throws what the simulation throws. */
export function simulatedTimeline(input: SimulatedRunInput): Timeline {
  if (input.plan.work === "batch") {
    const { table, batches } = simulateOutcome(input);
    return timelineOfBatches(recordsOfTable(table), batches);
  }
  const engines: RecordedEngine[] = [];
  const { table, facts } = simulateOutcome({
    ...input,
    engine: "step",
    observe: (replica) => (engines[replica] = new RecordedEngine(replica)),
  });
  const { total } = facts.kv_blocks as { total: number };
  const marksOf = (row: number) => engines.find(({ requests }) => requests.has(row))?.requests.get(row);
  return {
    work: "steps",
    engines: engines.map((engine) => engine.timeline(total)),
    requests: Array.from({ length: table.rows }, (_, row) => requestTimeline(table.record(row), marksOf(row))),
  };
}
