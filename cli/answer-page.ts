/** The page of an answer, from the answer alone: with the chart that belongs to its question. */
import type { Answer } from "../formats/index.js";
import { writeTextAtomic } from "../formats/files/index.js";
import { answerChart } from "./answer-chart.js";

export async function writeAnswerPage(file: string, answer: Answer): Promise<void> {
  const { renderAnswer } = await import("../report/html/index.js");
  const chart = await answerChart(answer);
  writeTextAtomic(file, renderAnswer(answer, new Map(typeof chart === "string" ? [] : [[chart.name, chart.svg]])));
}
