/** The explicit requests of a load, from prompts, lengths or a trace. */
import type { Load, Workload } from "../../formats/index.js";
import { packageFile, readPrompts, readTrace, traceOptionsOf } from "../../formats/files/index.js";
import { loadTokenizer, workloadFromLengths, workloadFromPrompts, workloadFromRequests } from "../../sim/index.js";

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
