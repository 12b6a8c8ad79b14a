/** What the report of an experiment says: the answer, whether to trust it, every figure, and how it was made. */
import { defined, requestCount, type RunInfo } from "../../../formats/index.js";
import { comparisonRow, comparisonRows, type ComparisonRow } from "../../../report/compare/index.js";
import {
  type HeadlineMetric,
  type HeadlineRow,
  type OutcomeRow,
  type ReportInput,
  metricDefinitions,
} from "../../../report/html/index.js";
import { sharedNotes } from "../../inputs/index.js";
import { answerOf, statementOf } from "./answer-text.js";
import {
  comparedMetrics,
  figuresOf,
  GROWS,
  isAboveCapacity,
  meanLatency,
  summarised,
  type ComparedMetric,
  type Figure,
  type SummarisedCell,
} from "./cell-figures.js";
import { describePace, paceAbout } from "../pace.js";
import { rankings } from "./ranking.js";
import { calibrationSection, countsSection, machineSection, paceSection, policySection } from "./sections.js";
import { filesSection, rerunSection, runsSection } from "./provenance.js";
import type { CellResult, ExperimentResults } from "../results.js";
import { sloSamples } from "./slo-samples.js";
import { trustChecks } from "./trust.js";

/** What is drawn elsewhere: charts by name, and the colour that a policy has in all of them. */
export interface Drawn {
  readonly charts: ReadonlyMap<string, string>;
  readonly colourOf: (policy: string) => string;
}

export function reportInput(results: ExperimentResults, { charts, colourOf }: Drawn): ReportInput {
  const { experiment, profile, cells } = results;
  const known = cells.map(summarised);
  return {
    title: `servesim: ${experiment.name}`,
    answer: answerOf(rankings(figuresOf(known, meanLatency), meanLatency), profile),
    headline: comparedMetrics.flatMap((metric) => headlineOf(known, metric, colourOf)),
    trust: trustChecks(results, known),
    samples: sloSamples(cells, colourOf),
    outcome: cells.flatMap((cell) => outcomeRows(cell).map((row) => withRemark(row, cell))),
    charts,
    sections: [
      policySection(cells),
      countsSection(known),
      machineSection(profile),
      calibrationSection(profile),
      ...paceSection(cells),
      metricDefinitions,
    ],
    warnings: warnings(results),
    lastSections: [rerunSection(results), runsSection(cells), filesSection()],
  };
}

function headlineOf(
  cells: readonly SummarisedCell[],
  metric: ComparedMetric,
  colourOf: (policy: string) => string,
): HeadlineMetric[] {
  const ranked = rankings(figuresOf(cells, metric), metric);
  if (ranked.length === 0) return [];
  const loads = ranked.map((ranking) => ({
    load: ranking.load,
    description: loadText(ranking.figures[0]!.cell.sim.info),
    statement: statementOf(ranking, metric),
    rows: ranking.figures.map((figure) => headlineRow(figure, metric, colourOf)),
  }));
  return [{ name: metric.name, unit: metric.unit, loads }];
}

function headlineRow(
  figure: Figure,
  { key, better }: ComparedMetric,
  colourOf: (policy: string) => string,
): HeadlineRow {
  const { cell, sim, simInterval, compared, isAbove } = figure;
  const [row] = compared === undefined ? [] : comparisonRow(compared).map(withoutNulls);
  const isGrowing = isAbove && better === "less" && key !== "mean_tpot_ms";
  return {
    policy: cell.policy,
    colour: colourOf(cell.policy),
    sim,
    ...row,
    simInterval,
    ...(isGrowing ? { remark: GROWS } : {}),
  };
}

/** `20 requests/s at random times`; the label of the load where nothing is known of it. */
function loadText({ load }: Pick<RunInfo, "load">): string {
  const { request_rate: rate, max_concurrency: clients, burstiness, arrivals } = load;
  const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
  const atOnce = isNumber(clients) ? `, at most ${clients} at once` : "";
  if (isNumber(rate)) return `${rate} requests/s${timesText(arrivals, burstiness)}${atOnce}`;
  if (isNumber(clients)) return `${clients} clients, each sends when it is answered`;
  return typeof load.label === "string" ? load.label : load.kind;
}

function timesText(arrivals: unknown, burstiness: unknown): string {
  if (arrivals === "constant") return " at even times";
  if (arrivals !== "gamma") return "";
  return burstiness === 1 ? " at random times (Poisson)" : ` at random times (burstiness ${String(burstiness)})`;
}

/** A latency of a load above capacity is not shown as if it were the server's. */
function withRemark(row: OutcomeRow, cell: CellResult): OutcomeRow {
  return row.unit === "ms" && isAboveCapacity(cell) ? { ...row, unit: `ms, ${GROWS}` } : row;
}

function outcomeRows(cell: CellResult): OutcomeRow[] {
  if (cell.comparison !== undefined) {
    return comparisonRows(cell.comparison).map((row) => ({ cell: cell.name, ...withoutNulls(row) }));
  }
  const summary = cell.sim.info.summary ?? {};
  const hidden = Array.isArray(summary.hidden_percentiles) ? (summary.hidden_percentiles as unknown[]) : [];
  const classes = Object.keys(summary).flatMap((key) =>
    key.startsWith("completed@") ? [key.slice("completed".length)] : [],
  );
  return ["", ...classes].flatMap((suffix) =>
    ["ttft", "e2el", "tpot"].flatMap((metric) =>
      ["mean", "p50", "p95", "p99"].flatMap((stat): OutcomeRow[] => {
        const key = `${stat}_${metric}_ms${suffix}`;
        const sim = summary[key];
        if (typeof sim !== "number" || hidden.includes(key)) return [];
        const n = suffix === "" ? requestCount(cell.sim) : Number(summary[`completed${suffix}`]);
        return [{ cell: cell.name, metric: `${metric}${suffix}`, stat, unit: "ms", n, sim }];
      }),
    ),
  );
}

/** As the page has it: what is not known is absent. */
function withoutNulls({ errorPercent, intervalPercent, spread, verdict, ...row }: ComparisonRow) {
  const known = {
    errorPercent: errorPercent ?? undefined,
    intervalPercent: intervalPercent ?? undefined,
    spread: spread ?? undefined,
    verdict: verdict ?? undefined,
  };
  return { ...row, ...defined(known) };
}

function warnings({ cells, manifest, profile }: ExperimentResults): string[] {
  const calibration = (profile.notes ?? []).map((note) => `calibration: ${note}`);
  const simulated = sharedNotes(cells.map(({ name, sim }) => ({ name, notes: sim.info.notes ?? [] })));
  const runs = cells.flatMap(({ name, real }) => [
    ...real.flatMap((run, index) =>
      (run.info.valid?.reasons ?? []).map((reason) => `${name}, repeat ${index + 1}: ${reason}`),
    ),
    ...(real.length === 0 && manifest.cells.some(({ cell, repeats }) => cell === name && repeats > 0)
      ? [`${name}: the real runs are missing, run the experiment again`]
      : []),
  ]);
  const paces = describePace(cells.flatMap(({ real }) => real.flatMap((run) => paceAbout(run) ?? [])));
  const all = [...calibration, ...paces, ...simulated, ...runs];
  return manifest.interrupted
    ? ["The last run of this experiment was interrupted: results are incomplete.", ...all]
    : all;
}
