/** One run, with the parts of every request's time. Of steps it takes every one, so it takes longer than the run alone. */
import { ConfigError, InvariantError, type RequestTable } from "../../formats/index.js";
import { simulateOutcome, type RunOutcome, type SimulatedRunInput } from "../engine/index.js";
import type { ExplainedRequest } from "./part-names.js";
import { BusyTime, partsOfBatch } from "./parts-of-batches.js";
import { partsOfSteps } from "./parts-of-steps.js";
import { WatchedEngine } from "./watched-engine.js";

export interface ExplainedRun {
  readonly outcome: RunOutcome;
  /** By row of the outcome's table; undefined for a request that was rejected. */
  readonly requests: readonly (ExplainedRequest | undefined)[];
}

/** ConfigError for batches in front of a vLLM engine, whose parts are not modelled. */
export function explainRun(input: SimulatedRunInput): ExplainedRun {
  const { plan, profile } = input;
  if (plan.work === "step") return explainSteps(input);
  if (profile.cost.kind === "vllm_engine") {
    throw new ConfigError(
      `the parts of ${plan.name} in front of a vLLM engine are not modelled, expected a policy that runs steps, or a profile of ` +
        "whole batches",
    );
  }
  const outcome = simulateOutcome(input);
  const { table, batches } = outcome;
  const busy = new BusyTime(batches);
  const byId = new Map(batches.map((batch) => [batch.batchId, batch]));
  const requests = rowsOf(table, (row) => {
    const { batchId } = table.record(row);
    const batch = byId.get(batchId ?? -1);
    if (batch === undefined) throw new InvariantError(`request ${table.requestId(row)} ended in no batch`);
    return partsOfBatch(table, row, batch, busy.between(table.sentNs[row]!, batch.startNs));
  });
  return { outcome, requests };
}

function explainSteps(input: SimulatedRunInput): ExplainedRun {
  const engines: WatchedEngine[] = [];
  const outcome = simulateOutcome({
    ...input,
    engine: "step",
    observe: (_replica, meanCost) => {
      const engine = new WatchedEngine(meanCost);
      engines.push(engine);
      return engine;
    },
  });
  const { table } = outcome;
  const requests = rowsOf(table, (row) => {
    for (const engine of engines) {
      const marks = engine.requests.get(row);
      if (marks !== undefined) return partsOfSteps(table, row, engine, marks);
    }
    throw new InvariantError(`request ${table.requestId(row)} was in no engine`);
  });
  return { outcome, requests };
}

function rowsOf(table: RequestTable, partsOf: (row: number) => ExplainedRequest): (ExplainedRequest | undefined)[] {
  return Array.from({ length: table.rows }, (_, row) => (table.ok[row] === 1 ? partsOf(row) : undefined));
}
