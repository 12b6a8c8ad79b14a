/**
 * A simulation whose replicas are apart, cut into one part for each replica: the requests that the router sends there, by column, so
 * that they cross to another thread at little cost.
 */
import type { ContentRuns, Workload, WorkloadRequest } from "../../../formats/index.js";
import { makeRouter } from "../../router/index.js";
import { Client } from "../../workload/index.js";
import { areApart, type StepSimulationInput } from "../step-simulation.js";

/** The requests of one replica, in the order of the workload. */
export interface ReplicaPart {
  readonly replica: number;
  /** Their places in the workload. */
  readonly rows: Int32Array;
  readonly ids: string[];
  readonly arrivalNs: Float64Array;
  readonly promptTokens: Int32Array;
  readonly outputTokens: Int32Array;
  /** Of those that have one. */
  readonly priorities: number[];
  readonly contents: ContentRuns[];
}

/**
 * The parts of a simulation; undefined where replicas are not apart, or where one replica's requests alone do not tell how
 * its scheduler sees them: some follow others, end by themselves, or are the only ones whose content is known.
 */
export function replicaParts(input: StepSimulationInput): ReplicaPart[] | undefined {
  const { requests } = input.workload;
  if (!areApart(input) || !areAlike(requests)) return undefined;
  const { homes, arrivalNs } = route(input);
  const counts = new Int32Array(input.replicas!);
  for (const home of homes) counts[home]!++;
  const parts = Array.from(counts, (rows, replica) => emptyPart(replica, rows));
  counts.fill(0);
  for (let row = 0; row < requests.length; row++) {
    const home = homes[row]!;
    fill(parts[home]!, counts[home]!++, { row, arrivalNs: arrivalNs[row]!, request: requests[row]! });
  }
  return parts;
}

/** Whether each of the requests is a prompt and an answer, and the contents of all prompts are known or of none. */
function areAlike(requests: readonly WorkloadRequest[]): boolean {
  const isKnown = requests[0]?.content !== undefined;
  return requests.every(
    ({ content, follows, answer, turn, maxTokens }) =>
      (content !== undefined) === isKnown &&
      follows === undefined &&
      answer === undefined &&
      turn === undefined &&
      maxTokens === undefined,
  );
}

function emptyPart(replica: number, rows: number): ReplicaPart {
  return {
    replica,
    rows: new Int32Array(rows),
    ids: [],
    arrivalNs: new Float64Array(rows),
    promptTokens: new Int32Array(rows),
    outputTokens: new Int32Array(rows),
    priorities: [],
    contents: [],
  };
}

interface Placed {
  readonly row: number;
  readonly arrivalNs: number;
  readonly request: WorkloadRequest;
}

function fill(part: ReplicaPart, at: number, { row, arrivalNs, request }: Placed): void {
  const { id, promptTokens, outputTokens, priority, content } = request;
  part.rows[at] = row;
  part.ids.push(id);
  part.arrivalNs[at] = arrivalNs;
  part.promptTokens[at] = promptTokens;
  part.outputTokens[at] = outputTokens;
  if (priority !== undefined) part.priorities[at] = priority;
  if (content !== undefined) part.contents[at] = content;
}

/** The requests of a part, as a workload of their own. */
export function workloadOfPart(part: ReplicaPart): Workload {
  const { ids, arrivalNs, promptTokens, outputTokens, priorities, contents } = part;
  const requests = ids.map((id, at): WorkloadRequest => {
    const priority = priorities[at];
    const content = contents[at];
    return {
      id,
      arrivalNs: arrivalNs[at]!,
      promptTokens: promptTokens[at]!,
      outputTokens: outputTokens[at]!,
      ...(priority === undefined ? {} : { priority }),
      ...(content === undefined ? {} : { content }),
    };
  });
  return { requests, maxConcurrency: Infinity, thinkNs: 0 };
}

/** By request: the replica that the router sends it to, and when it arrives. */
function route({
  workload,
  policy,
  replicas = 1,
  router = "round-robin",
  routerBeta,
  seed = "1",
}: StepSimulationInput): {
  readonly homes: Int32Array;
  readonly arrivalNs: Float64Array;
} {
  const { requests } = workload;
  const choose = makeRouter(router, { requests, seed, beta: routerBeta, prefixCache: policy.prefixCache });
  const state = { serving: [...new Array(replicas).keys()], outstanding: new Int32Array(replicas) };
  const homes = new Int32Array(requests.length);
  const arrivalNs = new Float64Array(requests.length);
  const client = new Client(workload);
  for (let dueNs = client.nextDueNs; dueNs !== Infinity; dueNs = client.nextDueNs) {
    const { index } = client.take(dueNs)!;
    arrivalNs[index] = dueNs;
    homes[index] = choose(index, state);
  }
  return { homes, arrivalNs };
}
