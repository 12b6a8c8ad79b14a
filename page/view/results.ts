/** Shows outcomes: the answer, the table, the charts. */
import type { ComparedPolicy } from "../model/index.js";
import type { Outcome, Outcomes } from "../worker/index.js";
import { answerText } from "./answer-text.js";
import { byId } from "./dom.js";
import { figure } from "./figures.js";
import { drawLatencies } from "./latency-chart.js";
import { drawLoads } from "./load-chart.js";
import { showRemarks } from "./panels.js";
import { resultsTable } from "./results-table.js";

type ByPolicy = Readonly<Record<ComparedPolicy, Outcome>>;

/** `baseline` counts beside whole runs; a coarse one is too short to be compared. */
export function showOutcomes(outcomes: Outcomes, baseline: ByPolicy | undefined): void {
  const { of, isWhole } = outcomes;
  const before = isWhole ? baseline : undefined;
  byId("results").dataset.stage = isWhole ? "exact" : "coarse";
  byId("status").textContent = statusText(outcomes);
  byId("answer").textContent = answerText(of);
  byId("table").replaceChildren(resultsTable(of, before));
  drawLatencies(byId("ttft-chart"), "ttft", of, before);
  drawLatencies(byId("e2el-chart"), "e2el", of, before);
  drawLoads(byId("load-charts"), of);
  showRemarks(of);
}

function statusText({ isWhole, of }: Outcomes): string {
  const requests = Object.values(of).reduce((most, run) => ("error" in run ? most : Math.max(most, run.requests)), 0);
  const count = `${figure(requests, 6)} requests`;
  return isWhole ? `all ${count}` : `first look: ${count}`;
}
