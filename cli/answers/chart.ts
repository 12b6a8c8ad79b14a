/** The chart of an answer, from the answer alone: the same on its page and in the file of `--chart`. */
import type * as chartsModule from "../../report/charts/index.js";
import { z } from "zod";
import { writeTextAtomic } from "../../formats/files/index.js";
import { defined, type Answer } from "../../formats/index.js";
import { partTitles } from "../../report/html/index.js";
import { text } from "../flags/index.js";

export interface AnswerChart {
  readonly name: string;
  readonly svg: string;
}

/** As far as charts need what was asked. */
const askedSchema = z.object({
  policy: z.string().default("vllm"),
  run: text,
  profile: z.string().default(""),
  vary: z.string().default("request_rate"),
  goals: z.object({ slos: z.array(z.object({ name: z.string(), limitMs: z.number() })) }).default({ slos: [] }),
});

type Asked = z.output<typeof askedSchema>;
type Charts = typeof chartsModule;
type Draw = (charts: Charts, answer: Answer, asked: Asked) => AnswerChart | string;

/** A sentence where there is nothing to draw. */
export async function answerChart(answer: Answer): Promise<AnswerChart | string> {
  const charts = await import("../../report/charts/index.js");
  return drawOf(answer)(charts, answer, askedSchema.parse(answer.question.asked));
}

function drawOf({ differences, parts, tuning, sizing }: Answer): Draw {
  if (differences !== undefined) return differenceChart;
  if (parts !== undefined) return partsChart;
  if (tuning !== undefined) return tuneChart;
  return sizing?.trace === undefined ? loadChart : replicasChart;
}

const differenceChart: Draw = (charts, { evidence, differences = [] }) => {
  if (charts.relativeDifferences(differences).length === 0) return "every statistic was zero before the change";
  const after = evidence[1];
  const changes = Object.entries(after?.varied ?? {}).map(([key, value]) => `${key} ${String(value)}`);
  const what = changes.length === 0 ? "the change" : changes.join(", ");
  const days = after === undefined ? "" : `, n = ${after.replications} days with and without`;
  const title = `What ${what} changes (% of the value before)${days}`;
  return { name: "before_and_after", svg: charts.differencePicture({ title, differences }) };
};

const partsChart: Draw = (charts, { evidence, parts = [] }, { run, policy }) => {
  if (parts.length === 0) return "the answer has no statistic with parts";
  const runs = evidence[0] === undefined ? "" : `, n = ${evidence[0].replications} runs`;
  const title = `Where the time of ${run ?? policy} went (ms)${runs}`;
  return { name: "where_the_time_went", svg: charts.partsPicture({ title, parts, titles: partTitles }) };
};

const tuneChart: Draw = (charts, { tuning, unit, question }, { policy, profile }) => {
  const front = tuning?.front ?? [];
  if (front.length === 0) return "no settings that were tried meet the limits";
  const title = `Best settings of ${policy} on ${profile} (${unit}), n = ${front.length} of those tried`;
  return { name: "best_settings", svg: charts.tunePicture({ title, policy, unit, goal: question.goal, front }) };
};

const replicasChart: Draw = (charts, answer, asked) => {
  const { value, sizing } = answer;
  const { autoscale, trace } = sizing!;
  if (trace!.windows.length === 0) return "the trace has no window";
  const picture = {
    title: titleOf(answer, asked),
    policy: asked.policy,
    value,
    trace: trace!,
    ...defined({ autoscale }),
  };
  return { name: "replicas_over_time", svg: charts.replicasPicture(picture) };
};

const loadChart: Draw = (charts, answer, asked) => {
  const { evidence, value, unit, interval } = answer;
  const { policy, vary, goals } = asked;
  const limits = goals.slos.map(({ name, limitMs }) => ({ key: `${name}_ms`, limitMs }));
  const points = evidence.filter(({ varied }) => typeof varied[vary] === "number");
  const hasGoodput = points.some(({ statistics }) => statistics.goodput_share != null);
  if (limits.length === 0 && !hasGoodput) return "there is no limit (--slo, --goodput) to draw";
  if (value === null || value === 0) return "nothing that was tried is within the limits";
  if (points.length < 2) return `it was simulated at fewer than two values of ${vary}`;
  const picture = {
    title: titleOf(answer, asked),
    policy,
    varied: vary,
    unit,
    evidence: points,
    limits,
    value,
    interval,
  };
  return { name: "latency_over_load", svg: charts.answerPicture(picture) };
};

function titleOf({ question: { goal } }: Answer, { policy, profile }: Asked): string {
  return `${policy} on ${profile}${goal === "" ? "" : ` within ${goal}`}`;
}

export async function writeAnswerPage(file: string, answer: Answer): Promise<void> {
  const { renderAnswer } = await import("../../report/html/index.js");
  const chart = await answerChart(answer);
  writeTextAtomic(file, renderAnswer(answer, new Map(typeof chart === "string" ? [] : [[chart.name, chart.svg]])));
}
