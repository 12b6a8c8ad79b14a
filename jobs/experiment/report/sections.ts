/** Sections of an experiment's report: policies and loads, requests behind each percentile, machine, calibration, pace. */
import { requestCount, type FitScore, type Profile } from "../../../formats/index.js";
import { tallyOf, tallyText, type Comparison, type StatisticComparison } from "../../../report/compare/index.js";
import { minimumCount, type Summary } from "../../../sim/index.js";
import type { ReportSection } from "../../../report/html/index.js";
import type { SummarisedCell } from "./cell-figures.js";
import { costRows, describeSteps, stepCostRows } from "./cost-rows.js";
import { paceAbout } from "../pace.js";
import type { CellResult } from "../results.js";

/** Figures of a comparison that people are shown. */
function judgedOf({ metrics, totals, batches }: Comparison): StatisticComparison[] {
  return [...metrics, ...totals, ...(batches?.statistics ?? [])].filter(({ shown }) => shown);
}

export function machineSection(profile: Profile): ReportSection {
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

export function calibrationSection(profile: Profile): ReportSection {
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

export function policySection(cells: readonly CellResult[]): ReportSection {
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
export function paceSection(cells: readonly CellResult[]): ReportSection[] {
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

const percentileNames = ["p50", "p90", "p95", "p99"] as const;

/** How many requests each percentile rests on, by cell: a percentile of too few is not shown anywhere on the page. */
export function countsSection(cells: readonly SummarisedCell[]): ReportSection {
  const rows = cells.flatMap(({ cell, sims, reals }) => {
    const real = reals[0];
    return [...(real === undefined ? [] : [row(cell.name, "real", real)]), row(cell.name, "simulated", sims[0]!)];
  });
  return {
    heading: "Requests behind each percentile",
    paragraphs: [
      `A percentile is shown from so many independent requests on: ${percentileNames.map((name) => `${name} ${minimumCount(Number(name.slice(1)) / 100)}`).join(", ")}. ` +
        "Requests that wait for each other count for fewer: the effective n of a metric is how many independent requests would say as much.",
    ],
    table: {
      caption:
        "Requests of the first run of each cell, their effective n by metric, and the percentiles of latency that are shown",
      columns: ["cell", "source", "requests", "ttft", "tpot", "e2el", "percentiles of e2el"],
      rows,
    },
  };
}

function row(cell: string, source: string, summary: Summary): string[] {
  const { completed, effective_n_ttft, effective_n_tpot, effective_n_e2el, hidden_percentiles: hidden } = summary;
  const counts = [effective_n_ttft, effective_n_tpot, effective_n_e2el].map((n) => String(Math.round(n)));
  const shown = percentileNames.filter((name) => !hidden.includes(`${name}_e2el_ms`));
  return [cell, source, String(completed), ...counts, shown.length === 0 ? "none" : shown.join(", ")];
}
