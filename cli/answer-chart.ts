/** The chart of an answer about a load: latencies over it, with the region within the limits. */
import type { Answer, Goals } from "../formats/index.js";
import type { Deployment, Vary } from "../jobs/answers/index.js";
import { note, warn } from "./output.js";
import { writeChart } from "./write-chart.js";

export interface Charted {
  /** As PNG, too. */
  readonly png: boolean;
  readonly goals: Goals;
  readonly vary: Vary;
  readonly policy: string;
  /** Name of the profile. */
  readonly profile: string;
}

export function chartedOf({ goals, vary, policy, profile }: Deployment, png: boolean): Charted {
  return { png, goals, vary, policy: policy.name, profile: profile.name };
}

/** Says so where there is nothing to draw. */
export async function writeAnswerChart(file: string, answer: Answer, charted: Charted): Promise<void> {
  const { goals, vary, policy, profile, png } = charted;
  const { evidence, value, unit, interval } = answer;
  const limits = goals.slos.map(({ name, limitMs }) => ({ key: `${name}_ms`, limitMs }));
  const hasGoodput = evidence.some(({ statistics }) => statistics.goodput_share != null);
  if ((limits.length === 0 && !hasGoodput) || value === null || value === 0) {
    warn("no chart: there is no load within the limits, or no limit (--slo, --goodput) to draw");
    return;
  }
  const { answerPicture } = await import("../report/charts/index.js");
  const title = `${policy} on ${profile} within ${answer.question.goal}`;
  await writeChart(file, answerPicture({ title, policy, varied: vary, unit, evidence, limits, value, interval }), png);
  note(`chart written to ${file}`);
}
