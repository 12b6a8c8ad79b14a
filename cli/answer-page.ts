/** The page of an answer, from the answer alone: with the chart that belongs to its question. */
import { z } from "zod";
import { defined, type Answer } from "../formats/index.js";
import { writeTextAtomic } from "../formats/files/index.js";
import { partTitles } from "../report/html/index.js";

export async function writeAnswerPage(file: string, answer: Answer): Promise<void> {
  const { renderAnswer } = await import("../report/html/index.js");
  writeTextAtomic(file, renderAnswer(answer, await chartsOf(answer)));
}

/** As far as charts need what was asked. */
const askedSchema = z.object({
  policy: z.string().default("vllm"),
  run: z.string().optional(),
  profile: z.string().default(""),
  vary: z.string().default("request_rate"),
  goals: z.object({ slos: z.array(z.object({ name: z.string(), limitMs: z.number() })) }).default({ slos: [] }),
});

/** SVG text by name; empty where there is nothing to draw. */
async function chartsOf(answer: Answer): Promise<ReadonlyMap<string, string>> {
  const charts = await import("../report/charts/index.js");
  const { question, evidence, value, unit, interval, sizing, tuning, parts, differences } = answer;
  const { policy, run, profile, vary, goals } = askedSchema.parse(question.asked);
  const title = `${policy} on ${profile}${question.goal === "" ? "" : ` within ${question.goal}`}`;
  if (differences !== undefined)
    return new Map([["before_and_after", charts.differencePicture({ title: "What the change does", differences })]]);
  if (parts !== undefined) {
    const of = `Where the time of ${run ?? policy} went`;
    return new Map([["where_the_time_went", charts.partsPicture({ title: of, parts, titles: partTitles })]]);
  }
  if (tuning !== undefined) {
    if (tuning.front.length === 0) return new Map();
    const { front } = tuning;
    return new Map([["best_settings", charts.tunePicture({ title: `${policy} on ${profile}`, policy, unit, goal: question.goal, front })]]); // prettier-ignore
  }
  if (sizing?.trace !== undefined) {
    const { trace, autoscale } = sizing;
    return new Map([["replicas_over_time", charts.replicasPicture({ title, policy, value, trace, ...defined({ autoscale }) })]]); // prettier-ignore
  }
  const limits = goals.slos.map(({ name, limitMs }) => ({ key: `${name}_ms`, limitMs }));
  const points = evidence.filter(({ varied }) => typeof varied[vary] === "number");
  if (limits.length === 0 || value === null || value === 0 || points.length < 2) return new Map();
  const picture = { title, policy, varied: vary, unit, evidence: points, limits, value, interval };
  return new Map([["latency_over_load", charts.answerPicture(picture)]]);
}
