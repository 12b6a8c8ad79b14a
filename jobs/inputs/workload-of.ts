/** The explicit requests of a load, from prompts, lengths or a trace, and whether a model can hold them. */
import { ConfigError, type Load, type Workload } from "../../formats/index.js";
import { readPrompts, readTrace, traceOptionsOf } from "../../formats/files/index.js";
import { loadTokenizer, workloadFromLengths, workloadFromPrompts, workloadFromRequests } from "../../sim/index.js";
import { packageFile } from "./package-root.js";

/** `promptsPath` absent: the shipped prompts. The workload's notes say what a trace's reader left out. */
export async function workloadOf(load: Load, promptsPath: string | undefined, seed: string): Promise<Workload> {
  if (load.workload !== undefined) {
    const { requests, notes } = await readTrace(load.workload, traceOptionsOf(load, loadTokenizer));
    const workload = workloadFromRequests(load, requests, seed);
    return notes.length === 0 ? workload : { ...workload, notes: notes.map((note) => `${load.workload}: ${note}`) };
  }
  if (!hasPrompts(load)) return workloadFromLengths(load, seed);
  const prompts = readPrompts(promptsPath ?? packageFile("prompts.json"));
  return workloadFromPrompts(load, { prompts, tokenize: await loadTokenizer() }, seed);
}

/** Whether its requests may have a text: those of lengths alone have none. */
export function hasPrompts({ workload, dataset_name: dataset = "prompts" }: Load): boolean {
  return workload !== undefined || dataset === "prompts";
}

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
