/** Prints, task by task, whether the edge by brute force lies in the interval of the answer, and how many do. */
import { ConfigError } from "../../formats/index.js";
import { edgeTask, judgeEdge, taskText, type EdgeJudged, type EdgeTask } from "./edges.js";

const WANTED_SHARE = 0.9;

/** Whether enough edges lie in their intervals. */
export async function verifyEdges(cases: number, seed: string): Promise<boolean> {
  const judged: EdgeJudged[] = [];
  for (let number = 0; number < cases; number++) {
    const one = await judgedOrRejected(edgeTask(number, seed));
    if (one === undefined) continue;
    judged.push(one);
    const [low, high] = one.found.interval!;
    const figures = `edge ${text(one.edge)}, answer ${text(one.found.value)} (${text(low)} to ${text(high)})`;
    console.log(`${holds(one, one.edge) ? "inside " : "OUTSIDE"} ${taskText(one.task)}: ${figures}`);
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
async function judgedOrRejected(task: EdgeTask): Promise<EdgeJudged | undefined> {
  try {
    return await judgeEdge(task);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.log(`rejected ${taskText(task)}: ${error.message}`);
    return undefined;
  }
}

/** A grid finds an edge to half of a step. */
const HALF_STEP = 1.01;

function holds({ found }: EdgeJudged, edge: number): boolean {
  const [low, high] = found.interval!;
  return edge >= low / HALF_STEP && edge <= high * HALF_STEP;
}

function text(value: number): string {
  return value.toPrecision(4);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
