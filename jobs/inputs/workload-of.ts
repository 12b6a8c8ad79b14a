/** The explicit requests of a load, from prompts, lengths or a trace, and a load's rate where it is a fraction of capacity. */
import { existsSync, statSync } from "node:fs";
import {
  ArtifactError,
  ConfigError,
  eachRequest,
  MAX_TOKENS,
  type Load,
  type Profile,
  type Workload,
  type WorkloadRequest,
} from "../../formats/index.js";
import { packageFile, readCsv, readPrompts, readRun, readTrace, traceOptionsOf } from "../../formats/files/index.js";
import {
  loadTokenizer,
  saturatedRate,
  sessionsFromLoad,
  withAnswerEnds,
  workloadFromLengths,
  workloadFromPrompts,
  workloadFromRequests,
  workloadFromSessions,
  type PolicyPlan,
} from "../../sim/index.js";

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

export interface CapacityInput {
  readonly profile: Profile;
  readonly prompts: string | undefined;
  readonly seed: string;
}

/** The load with a request rate in place of a utilisation; any other stays as it is. ConfigError where the policy serves no request. */
export async function ratedLoad(given: Load, plan: PolicyPlan, input: CapacityInput): Promise<Load> {
  const { utilisation, ...load } = given;
  if (utilisation === undefined) return given;
  const { profile, prompts, seed } = input;
  const workload = await workloadOf(load, prompts, seed);
  const full = saturatedRate({ plan, profile, workload, load, seed, coldStart: false });
  if ("reason" in full) throw new ConfigError(`utilisation of ${plan.name}: ${full.reason}`);
  return { ...load, request_rate: Number((utilisation * full.requestsPerS).toPrecision(3)) };
}

/** The lengths of the prompts of a load. `prompts`: a file of them; absent: the shipped ones. */
export async function promptLengths(load: Load, prompts: string | undefined): Promise<WorkloadRequest[]> {
  const { requests } = await workloadOf({ ...load, num_prompts: undefined }, prompts, "1");
  return requests.map(({ id, promptTokens, outputTokens }) => ({ id, promptTokens, outputTokens }));
}

/** So many of the requests, from the first on, again where they are fewer. */
export function goneThrough(requests: readonly WorkloadRequest[], count: number): WorkloadRequest[] {
  return Array.from({ length: count }, (_, index) => ({ ...requests[index % requests.length]!, id: String(index) }));
}

/**
 * Output tokens of a load's output_len_from: of the answered requests of a run folder, or the column output_tokens of a CSV
 * file (rows with a column status that is not ok are left out). Undefined: the load names none.
 */
export async function recordedOutputs({ output_len_from: path }: Load): Promise<number[] | undefined> {
  if (path === undefined) return undefined;
  const isFolder = existsSync(path) && statSync(path).isDirectory();
  const outputs = isFolder ? await ofRun(path) : await ofCsv(path);
  if (outputs.length === 0) {
    throw new ArtifactError(
      `${path}: no answered request with output tokens, expected at least one to draw lengths from`,
    );
  }
  return outputs;
}

async function ofRun(path: string): Promise<number[]> {
  const outputs: number[] = [];
  for (const { status, outputTokens } of eachRequest(await readRun(path))) {
    if (status === "ok" && outputTokens > 0) outputs.push(outputTokens);
  }
  return outputs;
}

async function ofCsv(path: string): Promise<number[]> {
  const outputs: number[] = [];
  const rows = await readCsv(path, ["output_tokens"]);
  for (const [at, { output_tokens: text = "", status = "ok" }] of rows.entries()) {
    if (status !== "ok") continue;
    const tokens = text.trim() === "" ? NaN : Number(text);
    if (!Number.isInteger(tokens) || tokens < 1 || tokens > MAX_TOKENS) {
      throw new ArtifactError(
        `${path}: row ${at + 1}: output_tokens: got "${text.slice(0, 40)}", expected a whole number from 1 to ${MAX_TOKENS}`,
      );
    }
    outputs.push(tokens);
  }
  return outputs;
}
