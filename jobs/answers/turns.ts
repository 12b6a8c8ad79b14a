/** The turns per second that a number of sessions makes, for an answer that is in sessions. */
import type { Answer, AnswerEvidence } from "../../formats/index.js";
import { isOfSessions, type Deployment } from "./deployment.js";

/** `at`: the runs at the answer. Nothing for other loads, and where there is no answer. */
export function turnsOf(
  deployment: Deployment,
  value: number | null,
  { statistics, intervals }: AnswerEvidence,
): Pick<Answer, "turns_per_s"> {
  const turns = statistics.request_throughput;
  if (!isOfSessions(deployment) || value === null || value === 0 || turns == null) return {};
  const interval = intervals.request_throughput ?? null;
  return { turns_per_s: { value: turns, interval } };
}
