/** Prints, task by task, whether the edge by brute force lies in the interval of the answer, and how many do. */
import { ConfigError } from "../../formats/index.js";
import type { CapacityFound } from "../../jobs/answers/index.js";
import { edgeTask, judgeEdge, taskText } from "./edges.js";
import type { Interval } from "../../sim/index.js";
import { judgeSessions, sessionTask, sessionTaskText } from "./session-edges.js";

const WANTED_SHARE = 0.9;

interface Judged {
  readonly found: CapacityFound;
  /** Of each seed. */
  readonly edges: readonly number[];
  readonly edge: number;
}

/** How tasks are made, judged and printed; a grid finds an edge to half of a step. */
interface Kind<Task> {
  readonly task: (number: number, seed: string) => Task;
  readonly judge: (task: Task) => Promise<Judged>;
  readonly text: (task: Task) => string;
  readonly halfStep: number;
}

const ofRequests = { task: edgeTask, judge: judgeEdge, text: taskText, halfStep: 1.01 };
const ofSessions = { task: sessionTask, judge: judgeSessions, text: sessionTaskText, halfStep: 1.015 };

/** Whether enough edges lie in their intervals. */
export function verifyEdges(cases: number, seed: string): Promise<boolean> {
  return verify(ofRequests, cases, seed);
}

export function verifySessionEdges(cases: number, seed: string): Promise<boolean> {
  return verify(ofSessions, cases, seed);
}

async function verify<Task>(kind: Kind<Task>, cases: number, seed: string): Promise<boolean> {
  const judged: Judged[] = [];
  const holds = ({ found }: Judged, edge: number): boolean => isIn(found.interval!, edge, kind.halfStep);
  for (let number = 0; number < cases; number++) {
    const task = kind.task(number, seed);
    const one = await judgedOrRejected(kind, task);
    if (one === undefined) continue;
    judged.push(one);
    const [low, high] = one.found.interval!;
    const figures = `edge ${text(one.edge)}, answer ${text(one.found.value)} (${text(low)} to ${text(high)})`;
    console.log(`${holds(one, one.edge) ? "inside " : "OUTSIDE"} ${kind.text(task)}: ${figures}`);
  }
  const inside = judged.filter((one) => holds(one, one.edge)).length;
  const single = judged.flatMap((one) => one.edges.map((edge) => holds(one, edge)));
  const widths = judged.map(({ found }) => found.interval![1] / found.interval![0] - 1).sort((a, b) => a - b);
  console.log(`width of the interval: ${percent(widths[Math.floor(widths.length / 2)]!)} (median)`);
  console.log(`edges of single seeds in the interval: ${percent(single.filter(Boolean).length / single.length)}`);
  console.log(`edges in the interval: ${inside} of ${judged.length}`);
  return inside >= WANTED_SHARE * judged.length;
}

/** Undefined, with the reason printed, for a task that is no question: a request drawn too long for the server has no edge. */
async function judgedOrRejected<Task>({ judge, text }: Kind<Task>, task: Task): Promise<Judged | undefined> {
  try {
    return await judge(task);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.log(`rejected ${text(task)}: ${error.message}`);
    return undefined;
  }
}

function isIn([low, high]: Interval, edge: number, halfStep: number): boolean {
  return edge >= low / halfStep && edge <= high * halfStep;
}

function text(value: number): string {
  return value.toPrecision(4);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
