/** What every question does with its answer: print it, then write it where asked; a goal that is not met ends with exit code 4. */
import { writeJson } from "../formats/files/index.js";
import { goalsText, type Answer, type Goals } from "../formats/index.js";
import { ThresholdMissed } from "./fail.js";
import { answerChart } from "./answer-chart.js";
import { writeAnswerPage } from "./answer-page.js";
import { note, printJson, warn } from "./output.js";
import { printAnswer } from "./print-answer.js";
import { writeChart } from "./write-chart.js";

interface Delivery {
  readonly output?: string | undefined;
  readonly page?: string | undefined;
  readonly chart?: string | undefined;
  /** The chart as PNG, too. */
  readonly png: boolean;
  readonly json: boolean;
}

export async function deliverAnswer(
  answer: Answer,
  { output, page, chart, png, json }: Delivery,
  printed = printAnswer,
): Promise<void> {
  if (json) printJson(answer);
  else printed(answer);
  if (output !== undefined) {
    writeJson(output, answer);
    note(`answer written to ${output}`);
  }
  if (page !== undefined) {
    await writeAnswerPage(page, answer);
    note(`page written to ${page}`);
  }
  if (chart !== undefined) await writeAnswerChart(chart, answer, png);
}

async function writeAnswerChart(file: string, answer: Answer, png: boolean): Promise<void> {
  const chart = await answerChart(answer);
  if (typeof chart === "string") {
    warn(`no chart: ${chart}`);
    return;
  }
  await writeChart(file, chart.svg, png);
  note(`chart written to ${file}`);
}

const unmetText: Readonly<Record<Answer["question"]["name"], string>> = {
  capacity: "at any load",
  size: "with as many replicas as were tried",
  whatif: "with the change",
  tune: "with any of the settings that were tried",
  explain: "as it is",
  headroom: "at any load",
};

/** ThresholdMissed where the goal is not met. */
export function requireMet({ question, verdict, at_rate: at, unit, sizing }: Answer, goals: Goals): void {
  if (verdict === "cannot_be_met" && question.name === "tune")
    throw new ThresholdMissed(`${question.goal}: no settings that were tried meet it`);
  if (verdict === "cannot_be_met")
    throw new ThresholdMissed(`${goalsText(goals)} cannot be met ${unmetText[question.name]}`);
  if (sizing?.autoscale?.verdict === "no")
    throw new ThresholdMissed(`${goalsText(goals)} is not met with the autoscaler`);
  if (verdict === "no" && at !== undefined) {
    throw new ThresholdMissed(`${goalsText(goals)} is not met at ${at.rate} ${unit}`);
  }
}
