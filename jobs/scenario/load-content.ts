/** What the requests of a load are made from: read once, in a form that crosses threads, then drawn with any seed. */
import { defined, type Load, type Session, type Workload, type WorkloadRequest } from "../../formats/index.js";
import { readTrace, traceOptionsOf } from "../../formats/files/index.js";
import {
  loadTokenizer,
  sessionsFromLoad,
  withAnswerEnds,
  workloadFromLengths,
  workloadFromRequests,
  workloadFromSessions,
} from "../../sim/index.js";
import { goneThrough, hasPrompts, promptLengths, recordedOutputs } from "../inputs/index.js";

/** fixed: a recorded run's requests, the same on every day; drawn: lengths or sessions of a distribution; prompts: their lengths, gone through as often as wanted; trace: a file's requests. */
export type LoadContent = Content & { readonly outputs?: readonly number[] | undefined };

type Content =
  | { readonly kind: "drawn" }
  | { readonly kind: "fixed"; readonly workload: Workload }
  | { readonly kind: "prompts"; readonly requests: readonly WorkloadRequest[] }
  | {
      readonly kind: "trace";
      readonly requests: readonly WorkloadRequest[];
      readonly sessions?: readonly Session[] | undefined;
      readonly notes: readonly string[];
    };

/** `prompts`: a file of prompts; absent: the shipped ones. */
export async function readContent(load: Load, prompts: string | undefined): Promise<LoadContent> {
  return { ...(await contentOf(load, prompts)), ...defined({ outputs: await recordedOutputs(load) }) };
}

async function contentOf(load: Load, prompts: string | undefined): Promise<Content> {
  if (load.workload !== undefined) {
    const { requests, sessions, notes } = await readTrace(load.workload, traceOptionsOf(load, loadTokenizer));
    return { kind: "trace", requests, sessions, notes: notes.map((note) => `${load.workload!}: ${note}`) };
  }
  if (!hasPrompts(load)) return { kind: "drawn" };
  const { output_len } = load;
  const plain = { think_time_s: 0, burstiness: 1, arrivals: "gamma", output_len } as const;
  return { kind: "prompts", requests: await promptLengths(plain, prompts) };
}

/** The requests, as `simulate` makes them with that seed. */
export function workloadOfContent(load: Load, content: LoadContent, seed: string): Workload {
  if (content.kind === "fixed") return content.workload;
  return withAnswerEnds(requestsOf(load, content, seed), load, seed, content.outputs);
}

function requestsOf(load: Load, content: Exclude<Content, { kind: "fixed" }>, seed: string): Workload {
  if (content.kind === "drawn") {
    if (load.dataset_name === "sessions") return workloadFromSessions(load, sessionsFromLoad(load, seed), seed);
    return workloadFromLengths(load, seed);
  }
  if (content.kind === "trace") {
    const { requests, sessions } = content;
    return sessions === undefined
      ? workloadFromRequests(load, requests, seed)
      : workloadFromSessions(load, sessions, seed);
  }
  const { requests } = content;
  return workloadFromRequests(load, goneThrough(requests, load.num_prompts ?? requests.length), seed);
}
