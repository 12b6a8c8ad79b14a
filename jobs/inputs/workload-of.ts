/** The explicit requests of a load, from prompts, lengths or a trace. */
import type { Load, Workload } from "../../formats/index.js";
import { packageFile, readPrompts, readTrace, traceOptionsOf } from "../../formats/files/index.js";
import {
  loadTokenizer,
  sessionsFromLoad,
  withAnswerEnds,
  workloadFromLengths,
  workloadFromPrompts,
  workloadFromRequests,
  workloadFromSessions,
} from "../../sim/index.js";
import { recordedOutputs } from "./recorded-outputs.js";

/** `promptsPath` absent: the shipped prompts. The workload's notes say what a trace's reader left out. */
export async function workloadOf(load: Load, promptsPath: string | undefined, seed: string): Promise<Workload> {
  return withAnswerEnds(await requestsOf(load, promptsPath, seed), load, seed, await recordedOutputs(load));
}

async function requestsOf(load: Load, promptsPath: string | undefined, seed: string): Promise<Workload> {
  if (load.workload !== undefined) {
    const { requests, sessions, notes } = await readTrace(load.workload, traceOptionsOf(load, loadTokenizer));
    const workload =
      sessions === undefined ? workloadFromRequests(load, requests, seed) : workloadFromSessions(load, sessions, seed);
    return notes.length === 0 ? workload : { ...workload, notes: notes.map((note) => `${load.workload}: ${note}`) };
  }
  if (load.dataset_name === "sessions") return workloadFromSessions(load, sessionsFromLoad(load, seed), seed);
  if (!hasPrompts(load)) return workloadFromLengths(load, seed);
  const prompts = readPrompts(promptsPath ?? packageFile("prompts.json"));
  return workloadFromPrompts(load, { prompts, tokenize: await loadTokenizer() }, seed);
}

/** Whether its requests may have a text: those of lengths alone have none. */
export function hasPrompts({ workload, dataset_name: dataset = "prompts" }: Load): boolean {
  return workload !== undefined || dataset === "prompts";
}
