/** A scenario in which no request gets an answer has no latency to compare or to explain. */
import { ConfigError } from "../../formats/index.js";
import { simulateOutcome } from "../../sim/index.js";
import type { DayResult } from "./run-statistics.js";
import { inputOf, type Scenario } from "./scenario.js";

/** ConfigError, with the first request's reason, where a day has none; `when` says which scenario it is. */
export function requireAnswers(
  scenario: Scenario,
  days: readonly Pick<DayResult, "requests" | "failed">[],
  when = "",
): void {
  if (days.every(({ requests, failed }) => failed < requests)) return;
  const { table } = simulateOutcome(inputOf(scenario, { seed: scenario.seed, draw: null }));
  const row = table.ok.indexOf(0);
  const first = row < 0 ? undefined : table.record(row);
  const reason = first?.error === undefined ? "" : `, the first (${first.requestId}) because: ${first.error}`;
  throw new ConfigError(
    `${when}none of ${table.rows} requests gets an answer${reason}; change the load, or the setting that rejects it`,
  );
}
