/** The timeline of a simulated run. Of steps it takes every one, so it takes longer than the run alone; the results are the same. */
import { recordsOfTable } from "../../formats/index.js";
import { simulateOutcome, type SimulatedRunInput } from "../engine/index.js";
import { withIdle } from "./idle-counts.js";
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
    observe: (number) => (engines[number] = new RecordedEngine(number)),
  });
  const { total } = facts.kv_blocks as { total: number };
  const records = recordsOfTable(table);
  const marksOf = (row: number) => engines.find(({ requests }) => requests.has(row))?.requests.get(row);
  return {
    work: "steps",
    engines: engines.map((engine) => {
      const { work, counts } = engine.timeline(total);
      return {
        work,
        counts: withIdle(
          counts,
          [...engine.requests.keys()].map((row) => records[row]!),
        ),
      };
    }),
    requests: records.map((record, row) => requestTimeline(record, marksOf(row))),
  };
}
