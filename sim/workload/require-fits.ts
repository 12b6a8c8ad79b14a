/** Whether a model can hold the requests of a workload in static batches. */
import { ConfigError, type Workload } from "../../formats/index.js";

/** ConfigError when a request cannot fit the model's positions in a static batch, naming the first. */
export function requireFits(workload: Workload, positions: number, model: string): void {
  const longest = workload.requests.reduce((most, request) => Math.max(most, request.outputTokens), 0);
  for (const { id, prompt, promptTokens } of workload.requests) {
    if (promptTokens + longest <= positions) continue;
    const text = prompt === undefined ? "" : ` ("${prompt.slice(0, 40)}${prompt.length > 40 ? "..." : ""}")`;
    throw new ConfigError(
      `request ${id}${text} has ${promptTokens} prompt tokens, and batches decode up to ${longest}; model ${model} ` +
        `has ${positions} positions: shorten the prompt or the output`,
    );
  }
}
