/** What the report of an experiment says: outcome first, then machine, policies, definitions and files. */
import { percent, requestCount, type FitScore, type Profile } from "../../formats/index.js";
import {
  comparisonRows,
  tallyOf,
  tallyText,
  type Comparison,
  type StatisticComparison,
} from "../../report/compare/index.js";
import { metricDefinitions, type OutcomeRow, type ReportInput } from "../../report/html/index.js";
import { costRows, describeSteps, stepCostRows } from "./cost-rows.js";
import { GROWS, isAboveCapacity } from "./overload-remark.js";
import { describePace, paceAbout } from "./pace.js";
import type { CellResult, ExperimentResults } from "./results.js";
import { sharedNotes } from "../inputs/index.js";

export function reportInput(results: ExperimentResults, charts: ReadonlyMap<string, string>): ReportInput {
  const { experiment, profile, cells, manifest } = results;
  return {
    title: `servesim: ${experiment.name}`,
    lead: lead(cells),
    outcome: cells.flatMap((cell) => outcomeRows(cell).map((row) => withRemark(row, cell))),
    charts,
    sections: [
      machineSection(profile),
      calibrationSection(profile),
      policySection(cells),
      ...paceSection(cells),
      metricDefinitions,
    ],
    warnings: warnings(results),
    lastSections: [filesSection(manifest.servesim, experiment.seed)],
  };
}

function lead(cells: readonly CellResult[]): string {
  const compared = cells.flatMap(({ name, comparison }) => {
    const entry = comparison?.metrics.find(({ metric, stat }) => metric === "e2el" && stat === "mean");
    return entry?.error_fraction == null
      ? []
      : [{ name, error: Math.abs(entry.error_fraction), verdict: entry.verdict, tolerance: entry.tolerance_fraction }];
  });
  const simulatedOnly = cells.length - compared.length;
  const rest = simulatedOnly > 0 ? ` ${simulatedOnly} of ${cells.length} cells are simulated only.` : "";
  if (compared.length === 0) return `${cells.length} cells were simulated; nothing was run for real.`;
  const worst = compared.reduce((a, b) => (b.error > a.error ? b : a));
  const all = tallyOf(cells.flatMap(({ comparison }) => (comparison === undefined ? [] : judgedOf(comparison))));
  const paced = cells.some(({ predictions }) => predictions !== undefined)
    ? " Each real run was simulated at the pace that the machine had just before it."
    : "";
  return (
    `The same requests were simulated and run for real in ${compared.length} cells. Mean latency, within ` +
    `${100 * worst.tolerance} %: ${tallyText(tallyOf(compared))}; the largest error is ${percent(worst.error, 1)} ` +
    `(${worst.name}). All figures: ${tallyText(all)}.${paced}${rest}`
  );
}

/** Figures of a comparison that people are shown. */
function judgedOf({ metrics, totals, batches }: Comparison): StatisticComparison[] {
  return [...metrics, ...totals, ...(batches?.statistics ?? [])].filter(({ shown }) => shown);
}

/** A latency of a load above capacity is not shown as if it were the server's. */
function withRemark(row: OutcomeRow, cell: CellResult): OutcomeRow {
  return row.unit === "ms" && isAboveCapacity(cell) ? { ...row, unit: `ms, ${GROWS}` } : row;
}

function outcomeRows(cell: CellResult): OutcomeRow[] {
  if (cell.comparison !== undefined) {
    return comparisonRows(cell.comparison).map(({ errorPercent, intervalPercent, spread, verdict, ...row }) => ({
      cell: cell.name,
      ...row,
      ...(errorPercent === null ? {} : { errorPercent }),
      ...(intervalPercent === null ? {} : { intervalPercent }),
      ...(spread === null ? {} : { spread }),
      ...(verdict === null ? {} : { verdict }),
    }));
  }
  const summary = cell.sim.info.summary ?? {};
  const hidden = Array.isArray(summary.hidden_percentiles) ? (summary.hidden_percentiles as unknown[]) : [];
  return ["ttft", "e2el", "tpot"].flatMap((metric) =>
    ["mean", "p50", "p95", "p99"].flatMap((stat): OutcomeRow[] => {
      const key = `${stat}_${metric}_ms`;
      const sim = summary[key];
      if (typeof sim !== "number" || hidden.includes(key)) return [];
      return [{ cell: cell.name, metric, stat, unit: "ms", n: requestCount(cell.sim), sim }];
    }),
  );
}

function machineSection(profile: Profile): ReportInput["sections"][number] {
  const { machine, model, engine } = profile;
  const { cpu, memory_bytes, os, gpu, libraries } = machine;
  const facts: [string, string][] = [
    ["CPU", cpu === undefined ? "unknown" : `${cpu.model}, ${cpu.cores} cores`],
    ...(gpu === undefined ? [] : [["GPU", gpu] as [string, string]]),
    ["Memory", memory_bytes === undefined ? "unknown" : `${(memory_bytes / 2 ** 30).toFixed(1)} GiB`],
    ["System", os ?? "unknown"],
    ["Engine", `${engine.name} ${engine.version}`],
    [
      "Libraries",
      Object.entries(libraries ?? {})
        .map(([name, version]) => `${name} ${version}`)
        .join(", "),
    ],
    ["Model", `${model.name}: ${[...shapeFacts(model), model.dtype].join(", ")}`],
  ];
  return { heading: "Machine and model", facts };
}

/** What is known of a model's shape; a server does not always report it. */
function shapeFacts({ layers, width, parameters }: Profile["model"]): string[] {
  return [
    ...(layers === undefined ? [] : [`${layers} layers`]),
    ...(width === undefined ? [] : [`${width} wide`]),
    ...(parameters === undefined ? [] : [`${(parameters / 1e6).toFixed(1)} M parameters`]),
  ];
}

function calibrationSection(profile: Profile): ReportInput["sections"][number] {
  const { cost, fit, held_out, date, source, steps } = profile;
  const score = (of: FitScore | undefined): string =>
    of === undefined
      ? "not known"
      : `median ${(of.median_ape * 100).toFixed(1)} %, P90 ${(of.p90_ape * 100).toFixed(1)} %, ${of.points} shapes`;
  return {
    heading: "Calibration",
    facts: [
      ["Measured", `${date ?? "date not recorded"}; ${source}`],
      ["Error on shapes of the fit", score(fit?.batch)],
      ["Error on shapes kept out", score(held_out?.batch)],
      ...(steps === undefined ? [] : [["Steps", describeSteps(steps).join("; ")] as [string, string]]),
    ],
    table: {
      caption: `Cost of a ${costName(profile)}: each coefficient, with its 95 % bootstrap interval`,
      columns: ["stage", "per", "µs", "interval, µs"],
      rows: [...costRows(cost), ...(steps === undefined ? [] : stepCostRows(steps))].map(
        ({ stage, per, ns, intervalNs }) => [
          stage,
          per,
          micros(ns),
          intervalNs === undefined ? "" : intervalNs.map(micros).join(" to "),
        ],
      ),
    },
  };
}

function costName({ cost, steps }: Profile): string {
  if (cost.kind !== "static_batch") return "step";
  return steps === undefined ? "batch" : "batch, and of a step";
}

function micros(ns: number): string {
  return ns >= 1e6 ? (ns / 1e3).toFixed(0) : (ns / 1e3).toPrecision(4);
}

function policySection(cells: readonly CellResult[]): ReportInput["sections"][number] {
  const line = (settings: Readonly<Record<string, unknown>> | undefined): string =>
    Object.entries(settings ?? {})
      .map(([key, value]) => `${key} ${String(value)}`)
      .join(", ");
  return {
    heading: "Policies and loads",
    table: {
      caption: "Settings of each cell, every default filled",
      columns: ["cell", "policy", "settings", "load", "requests", "real repeats"],
      rows: cells.map(({ name, sim, real }) => [
        name,
        sim.info.policy,
        line(sim.info.policy_settings),
        line(sim.info.load),
        String(requestCount(sim)),
        String(real.length),
      ]),
    },
  };
}

/** What the simulations are at, beside what explains their misses; nothing where no run knows its pace. */
function paceSection(cells: readonly CellResult[]): ReportInput["sections"] {
  const runs = cells.flatMap(({ name, real }) =>
    real.flatMap((run, index) => {
      const pace = paceAbout(run);
      return pace === undefined ? [] : [[name, String(index + 1), pace.before.toFixed(3), pace.after.toFixed(3)]];
    }),
  );
  if (runs.length === 0) return [];
  const tallies = (["asCalibrated", "comparison"] as const).map((key) =>
    tallyText(
      tallyOf(cells.flatMap((cell) => (cell[key] === undefined || !cell.asCalibrated ? [] : judgedOf(cell[key])))),
    ),
  );
  return [
    {
      heading: "Pace of the machine",
      paragraphs: [
        "Time of the calibration's reference batch (of policies that run steps: its reference step) over what it took in the " +
          "calibration: above 1 the machine was slower. Before " +
          "a real run it is known when the run is predicted, and the run is simulated at it; after the run it explains a miss " +
          "and enters no simulation.",
        `At the pace before each run: ${tallies[1]!}. At the pace of the calibration: ${tallies[0]!}.`,
      ],
      table: {
        caption: "Pace of the machine before and after each real run",
        columns: ["cell", "repeat", "before", "after"],
        rows: runs,
      },
    },
  ];
}

function filesSection(version: string, seed: string): ReportInput["sections"][number] {
  return {
    heading: "Files",
    facts: [
      ["experiment.yaml", "the experiment, every default filled"],
      ["profile.json", "what a batch and a step cost on this machine; raw measurements beside it"],
      [
        "cells/",
        "each cell's requests.csv, batches.csv or steps.csv.gz, and run.json: simulated, at the pace before each real run, and real",
      ],
      ["comparison.json", "every statistic of this page, with intervals"],
      ["llm_inference_benchmark.csv", "all requests in the original suite's columns"],
      ["plots/", "the charts as SVG"],
      ["made by", `servesim ${version}, seed ${seed}`],
    ],
  };
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
