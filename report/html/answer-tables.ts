/** What an answer rests on, as tables: runs at each point, differences, parts, settings, windows. */
import { percent, signedPercent, type Answer, type AnswerInterval } from "../../formats/index.js";
import { figure } from "./answer-text.js";
import { partTitles, verdictWords } from "./answer-words.js";
import type { ReportSection } from "./report-input.js";

/** The sections of the question that was asked, then the runs of all. */
export function answerTables(answer: Answer): ReportSection[] {
  return [
    differences(answer),
    parts(answer),
    counterfactuals(answer),
    front(answer),
    sensitivity(answer),
    routers(answer),
    windows(answer),
    evidence(answer),
  ].flatMap((section) => section ?? []);
}

/** `11.6 (11.2 to 12.1)`. */
function ranged(value: number | null | undefined, interval: AnswerInterval | null | undefined): string {
  if (value == null) return "–";
  return interval == null || interval.low === interval.high
    ? figure(value)
    : `${figure(value)} (${figure(interval.low)} to ${figure(interval.high)})`;
}

function differences({ differences: rows }: Answer): ReportSection | undefined {
  if (rows === undefined) return undefined;
  return {
    heading: "Before and after",
    table: {
      caption: "Mean difference of days that share their random numbers, with its 90 % interval",
      columns: ["statistic", "before", "after", "difference", "in percent", "on 9 of 10 days", "verdict"],
      rows: rows.map(({ statistic, before, after, difference, interval, of_a_day: day, verdict }) => [
        statistic,
        figure(before),
        figure(after),
        ranged(difference, interval),
        before === 0 ? "–" : signedPercent(difference / before),
        day === null ? "–" : `${figure(day.low)} to ${figure(day.high)}`,
        verdictWords[verdict],
      ]),
    },
  };
}

/** Parts that are less than this share of every statistic are left out. */
const LEAST_SHARE = 0.005;

function parts({ parts: columns }: Answer): ReportSection | undefined {
  if (columns === undefined) return undefined;
  const names = Object.keys(partTitles).filter((name) =>
    columns.some((column) => (column.parts[name] ?? 0) >= LEAST_SHARE * column.value),
  );
  return {
    heading: "Where the time went",
    table: {
      caption: "Parts of each statistic, ms and share; every instant of a request belongs to one",
      columns: ["part", ...columns.map(({ statistic }) => statistic)],
      rows: [
        ["all", ...columns.map(({ value, interval }) => ranged(value, interval))],
        ...names.map((name) => [
          partTitles[name]!,
          ...columns.map(
            (column) => `${figure(column.parts[name] ?? 0)} (${percent((column.parts[name] ?? 0) / column.value)})`,
          ),
        ]),
      ],
    },
  };
}

function counterfactuals({ counterfactuals: rows = [] }: Answer): ReportSection | undefined {
  const columns = rows[0]?.differences.map(({ statistic }) => statistic) ?? [];
  if (columns.length === 0) return undefined;
  return {
    heading: "With one thing changed",
    table: {
      caption: "The same days with the change: the statistic, its difference and the verdict",
      columns: ["change", ...columns],
      rows: rows.map(({ change, differences: found }) => [
        change,
        ...columns.map((column) => {
          const one = found.find(({ statistic }) => statistic === column);
          if (one === undefined) return "–";
          return `${figure(one.after)} (${signedPercent(one.difference / one.before)}), ${verdictWords[one.verdict]}`;
        }),
      ]),
    },
  };
}

function front({ tuning, unit }: Answer): ReportSection | undefined {
  if (tuning === undefined || tuning.front.length === 0) return undefined;
  const beside = tuning.front[0]!.beside?.statistic;
  return {
    heading: "The best settings",
    ...(Object.keys(tuning.changes).length === 0 ? {} : { commands: [tuning.command] }),
    table: {
      caption: "No others that were tried are better in both columns",
      columns: ["settings", unit, ...(beside === undefined ? [] : [beside]), "beyond the calibration"],
      rows: tuning.front.map((point) => [
        Object.entries(point.changes)
          .map(([key, value]) => `${key} ${String(value)}`)
          .join(", ") || "as they are",
        ranged(point.value, point.interval),
        ...(beside === undefined ? [] : [point.beside === null ? "–" : figure(point.beside.value)]),
        point.is_beyond_calibration ? `${percent(point.extrapolated_share)} of the time` : "no",
      ]),
    },
  };
}

function sensitivity({ tuning }: Answer): ReportSection | undefined {
  if (tuning === undefined || tuning.sensitivity.length === 0) return undefined;
  return {
    heading: "What each setting does",
    table: {
      caption: "Each setting at other values, the others at their best",
      columns: ["setting", "best", "matters", "other values"],
      rows: tuning.sensitivity.map(({ setting, best, matters, others }) => [
        setting,
        String(best),
        matters ? "yes" : "no",
        others
          .map(
            ({ value, difference }) =>
              `${String(value)}: ${difference === null ? "misses the limits" : signedPercent(difference.value)}`,
          )
          .join("; "),
      ]),
    },
  };
}

function routers({ sizing }: Answer): ReportSection | undefined {
  if (sizing === undefined || sizing.by_router.length < 2) return undefined;
  const text = (count: number | null): string => (count === null ? "more than were tried" : String(count));
  return {
    heading: "By router",
    table: {
      caption: "Fewest replicas with each router",
      columns: ["router", "replicas", "on some days", "on 9 of 10 days"],
      rows: sizing.by_router.map(({ router, value, low, high }) => [router, text(value), text(low), text(high)]),
    },
  };
}

function windows({ sizing }: Answer): ReportSection | undefined {
  const trace = sizing?.trace;
  if (trace === undefined) return undefined;
  return {
    heading: "Over time",
    table: {
      caption: `Fewest replicas in windows of ${figure(trace.window_s)} s`,
      columns: ["from, s", "requests/s", "replicas"],
      rows: trace.windows.map(({ start_s, end_s, requests, replicas }) => [
        String(Math.round(start_s)),
        figure(requests / Math.max(1e-9, end_s - start_s)),
        replicas === null ? "–" : String(replicas),
      ]),
    },
  };
}

function evidence({ evidence: points }: Answer): ReportSection | undefined {
  const [first] = points;
  if (first === undefined) return undefined;
  const nameOf = (varied: (typeof first)["varied"]): string =>
    Object.entries(varied)
      .map(([key, value]) => `${key} ${typeof value === "number" ? figure(value) : String(value)}`)
      .join(", ") || "as asked";
  const keys = [...new Set(points.flatMap(({ statistics }) => Object.keys(statistics)))];
  return {
    heading: "The runs behind it",
    paragraphs: [
      `Means of ${first.replications} runs each, and in brackets the interval that holds 9 of 10. Times in ms.`,
    ],
    table: {
      caption: "Statistics at each point that was simulated",
      columns: ["", ...keys],
      rows: points.map(({ varied, statistics, intervals }) => [
        nameOf(varied),
        ...keys.map((key) => ranged(statistics[key], intervals[key])),
      ]),
    },
  };
}
