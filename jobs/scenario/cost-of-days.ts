/** What serving a scenario costs, by the requests that its days served. */
import type { AnswerCost } from "../../formats/index.js";
import { mean } from "../../sim/index.js";
import { costOf } from "../answers/index.js";
import type { DayResult } from "./run-statistics.js";
import type { Scenario } from "./scenario.js";

/** `pricePerHour` of one replica; absent: the profile's. Null where neither a price nor a power is known. */
export function costOfDays(
  { profile, policy, replicas }: Scenario,
  days: readonly DayResult[],
  pricePerHour: number | undefined,
): AnswerCost | null {
  const perRequest = (of: (day: DayResult) => number): number =>
    mean(days.map((day) => of(day) / Math.max(1, day.requests - day.failed)));
  return costOf({
    profile,
    policy,
    pricePerHour,
    replicas,
    busy: mean(days.map(({ busy }) => busy.gpu)),
    requestsPerS: mean(days.map(({ statistics }) => statistics.request_throughput ?? 0)),
    promptTokens: perRequest(({ promptTokens }) => promptTokens),
    outputTokens: perRequest(({ outputTokens }) => outputTokens),
  });
}
