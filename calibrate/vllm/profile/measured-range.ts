/** How far the recordings of a vLLM server reach: what a profile fitted to them was measured on. */
import type { EngineStepRecord, Profile } from "../../../formats/index.js";
import type { RecordedRun } from "../recording/index.js";

/** Tokens and pairs of a step are known from step logs only. */
export function measuredRange(runs: readonly RecordedRun[]): Profile["range"] {
  const requests = runs.flatMap(({ run }) => run.requests);
  const steps = runs.flatMap((run) => run.steps ?? []).filter(({ scheduledTokens }) => scheduledTokens > 0);
  const { max_num_seqs: slots } = runs[0]!.run.info.engine.settings;
  const together = runs.map(({ run }) => concurrency(run.requests));
  const [, most] = extent([...together, ...steps.map(({ scheduledRequests }) => scheduledRequests)]);
  const [shortest, longest] = extent(requests.map(({ promptTokens }) => promptTokens));
  const [, longestContext] = extent(requests.map(({ promptTokens, outputTokens }) => promptTokens + outputTokens));
  return {
    batch: [1, typeof slots === "number" ? Math.min(slots, most) : most],
    prompt_tokens: [shortest, longest],
    context_tokens: [shortest, longestContext],
    ...stepRange(steps),
  };
}

function stepRange(steps: readonly EngineStepRecord[]): Partial<Profile["range"]> {
  const prefills = steps.filter(({ prefillTokens }) => prefillTokens > 0);
  if (prefills.length === 0) return {};
  return {
    step_tokens: extent(steps.map(({ scheduledTokens }) => scheduledTokens)),
    prefill_tokens: extent(prefills.map(({ prefillTokens }) => prefillTokens)),
    attention_pairs: extent(prefills.map(({ prefillAttentionPairs }) => prefillAttentionPairs)),
  };
}

/** Smallest and largest; 1 and 1 of nothing, and at least 1. */
function extent(values: readonly number[]): [number, number] {
  const smallest = values.reduce((least, value) => Math.min(least, value), Infinity);
  return [Math.max(1, smallest === Infinity ? 1 : smallest), values.reduce((most, value) => Math.max(most, value), 1)];
}

/** Most requests that were with the server at once. */
function concurrency(requests: readonly { arrivalNs: number; lastTokenNs?: number }[]): number {
  const ends = requests.map(({ lastTokenNs, arrivalNs }) => lastTokenNs ?? arrivalNs).sort((a, b) => a - b);
  const starts = requests.map(({ arrivalNs }) => arrivalNs).sort((a, b) => a - b);
  let [ended, most] = [0, 0];
  starts.forEach((atNs, started) => {
    while (ends[ended]! <= atNs) ended++;
    most = Math.max(most, started + 1 - ended);
  });
  return most;
}
