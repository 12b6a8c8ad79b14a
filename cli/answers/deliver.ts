/** Finds an answer, prints it and writes it where asked; a goal that is not met ends with exit code 4. */
import { writeJson } from "../../formats/files/index.js";
import { goalsText, type Answer, type Goals, type Profile } from "../../formats/index.js";
import { drawChart } from "../files/index.js";
import { note, printJson, warn } from "../printing/index.js";
import { searched, ThresholdMissed, type SearchOptions } from "../process/index.js";
import { answerChart, writeAnswerPage } from "./chart.js";
import { withCheck } from "./check.js";

interface Delivery {
  readonly output?: string | undefined;
  readonly page?: string | undefined;
  readonly chart?: string | undefined;
  /** The chart as PNG, too. */
  readonly png: boolean;
  readonly json: boolean;
}

type Print = (answer: Answer) => void;

interface Answering {
  readonly flags: Delivery;
  readonly profile: Profile;
  readonly print: Print;
}

/** Finds the answer with its progress on stderr, and delivers it with the command that checks it on the profile's machine. */
export async function answered(
  title: string,
  { flags, profile, print }: Answering,
  work: (search: SearchOptions) => Promise<Answer>,
): Promise<Answer> {
  const answer = withCheck(await searched(title, work), flags.output, profile);
  await deliverAnswer(answer, flags, print);
  return answer;
}

/** Prints first, so that the answer is seen even if a file cannot be written. */
export async function deliverAnswer(
  answer: Answer,
  { output, page, chart, png, json }: Delivery,
  print: Print,
): Promise<void> {
  if (json) printJson(answer);
  else print(answer);
  if (output !== undefined) {
    writeJson(output, answer);
    note(`answer written to ${output}`);
  }
  if (page !== undefined) {
    await writeAnswerPage(page, answer);
    note(`page written to ${page}`);
  }
  if (chart === undefined) return;
  const drawn = await answerChart(answer);
  if (typeof drawn === "string") warn(`no chart: ${drawn}`);
  else await drawChart(chart, drawn.svg, png);
}

/** ThresholdMissed where the goal is not met. */
export function requireMet({ question, verdict, at_rate: at, unit, sizing }: Answer, goals: Goals): void {
  const { name, goal } = question;
  const asked = goalsText(goals);
  if (verdict === "cannot_be_met") {
    const where = name === "size" ? "with as many replicas as were tried" : "at any load";
    throw new ThresholdMissed(
      name === "tune" ? `${goal}: no settings that were tried meet it` : `${asked} cannot be met ${where}`,
    );
  }
  if (sizing?.autoscale?.verdict === "no") throw new ThresholdMissed(`${asked} is not met with the autoscaler`);
  if (verdict === "no" && at !== undefined) throw new ThresholdMissed(`${asked} is not met at ${at.rate} ${unit}`);
}
