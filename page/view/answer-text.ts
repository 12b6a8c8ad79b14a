/** The answer in a sentence, made from the outcomes. */
import { listed } from "../../formats/index.js";
import { comparedPolicies, type ComparedPolicy } from "../model/index.js";
import type { Outcome } from "../worker/index.js";
import { duration, figure } from "./figures.js";

type Outcomes = Readonly<Record<ComparedPolicy, Outcome>>;

/** Who answers first, who serves most, and who cannot keep up. */
export function answerText(outcomes: Outcomes): string {
  const known = comparedPolicies.flatMap((policy) => {
    const outcome = outcomes[policy];
    if ("error" in outcome) return [];
    const { p50_ttft_ms: ttftMs, overloaded } = outcome.summary as { p50_ttft_ms: number | null; overloaded: boolean };
    return ttftMs === null ? [] : [{ policy, ttftMs, overloaded }];
  });
  if (known.length === 0) return "No policy serves this load: see the reasons below.";
  const sorted = known.toSorted((a, b) => a.ttftMs - b.ttftMs);
  const [best, ...others] = sorted;
  const rest = others.map(({ policy, ttftMs }) => `${policy} takes ${figure(ttftMs / best!.ttftMs, 2)} times as long`);
  const first = `${best!.policy} answers first: half of its requests have their first token within ${duration(best!.ttftMs)}`;
  const behind = known.filter(({ overloaded }) => overloaded).map(({ policy }) => policy);
  const sentences = [`${first}${rest.length > 0 ? `; ${listed(rest)}` : ""}.`];
  if (behind.length === known.length)
    sentences.push("None of them keeps up with the load: queues grow as long as it lasts.");
  else if (behind.length > 0) {
    sentences.push(
      `${listed(behind)} ${behind.length === 1 ? "does" : "do"} not keep up with the load: the queue grows as long as it lasts.`,
    );
  }
  return sentences.join(" ");
}
