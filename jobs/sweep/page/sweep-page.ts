/** What the page of a sweep says and shows, from its merged table. */
import { percent } from "../../../formats/index.js";
import type { DataTable, SweepPageInput, TrustCheck } from "../../../report/html/index.js";
import { cellName } from "../cells.js";
import { contestsOf, nameOf, type Contest, type Contestant } from "./contests.js";
import type { SweepFolder } from "../folder.js";
import type { SweepStatus } from "../status.js";
import { ms, sweepText } from "./sweep-text.js";
import { isSwept } from "./swept-lines.js";
import { readTable, type SweepTable, type TableValue } from "../table.js";
import { variedColumns } from "./words.js";

/** Statistics that are ranked; the first is the headline's. */
const RANKED = [
  ["mean_e2el_ms", "Mean latency"],
  ["mean_ttft_ms", "Mean time to first token"],
  ["p99_ttft_ms", "P99 time to first token"],
  ["mean_tpot_ms", "Mean time per output token"],
] as const;
/** Of every cell. */
const SHOWN = [...RANKED.map(([key]) => key), "p99_e2el_ms", "request_throughput", "output_throughput", "capacity.utilisation", "capacity.verdict"]; // prettier-ignore
/** Rows of the page; the table has all. */
const MOST_ROWS = 2000;
/** Cells named, of those that failed and of those that cannot be simulated. */
const MOST_NAMED = 100;

export interface SweepPage {
  readonly table: SweepTable;
  readonly status: SweepStatus;
  readonly page: Omit<SweepPageInput, "charts">;
}

/** `commands`: lines that make this page again. */
export async function sweepPage(folder: SweepFolder, name: string, commands: readonly string[]): Promise<SweepPage> {
  const { table, status } = await readTable(folder, isNeeded);
  const [[headline]] = RANKED;
  const contests = contestsOf(table, headline);
  const page = {
    title: `servesim sweep: ${name}`,
    answer: sweepText(contests, status),
    trust: trustOf(contests, status),
    winners: RANKED.flatMap(([key, title]) => winnersOf(table, key, title)),
    cells: cellsOf(table),
    failures: failuresOf(status),
    sections: [
      { heading: "Commands", commands },
      {
        heading: "Files",
        facts: [
          ["every column of every cell", folder.csv],
          ["the same for Parquet readers", folder.parquet],
          ["the plan", folder.plan],
        ] as const,
      },
    ],
  };
  return { table, status, page };
}

/** Whether the page or its charts need the column. */
function isNeeded(column: string): boolean {
  return isSwept(column) || column === "seed" || SHOWN.some((name) => column.replace(/_(low|high)$/, "") === name);
}

function winnersOf(table: SweepTable, statistic: string, title: string): DataTable[] {
  const contests = contestsOf(table, statistic);
  if (contests.length === 0) return [];
  return [
    {
      name: `sweep-${statistic}`,
      caption: `${title}: the best in each place, and the next that one run can tell from it`,
      columns: [
        "place",
        "best",
        statistic,
        "as good, as far as one run tells",
        "next",
        "its value",
        "behind the best by",
      ],
      rows: contests.map(({ place, ranked, ranked: [best], first, next, lead }) => [
        text(place === "" ? "everywhere" : place),
        text(nameText(best!)),
        valueOf(best!),
        text(equalsText(first, ranked)),
        text(next === undefined ? "–" : nameText(next)),
        next === undefined ? text("–") : valueOf(next),
        lead === undefined ? text("–") : { text: percent(lead), value: lead },
      ]),
    },
  ];
}

/** Those that one run cannot tell from the best, with it. */
function equalsText(first: readonly Contestant[], ranked: readonly Contestant[]): string {
  if (first.length === 1) return "–";
  return first.length === ranked.length ? `all ${ranked.length} settings` : nameOf(first, ranked);
}

function nameText({ name, isAbove }: Contestant): string {
  return isAbove ? `${name} (cannot keep up)` : name;
}

function valueOf({ value, interval }: Contestant): DataTable["rows"][number][number] {
  const range = interval === undefined ? "" : ` (${ms(interval[0])} to ${ms(interval[1])})`;
  return { text: `${ms(value)}${range}`, value };
}

function cellsOf({ columns, rows }: SweepTable): DataTable {
  const given = [...variedColumns(columns, rows).map(({ name }) => name), ...(isVaried(columns, rows, "seed") ? ["seed"] : [])]; // prettier-ignore
  const label = given.length === 0 ? ["label"] : [];
  const shown = [...label, ...given, ...SHOWN.filter((name) => hasValues(columns, rows, name)), ...(isVaried(columns, rows, "error") ? ["error"] : [])]; // prettier-ignore
  const places = shown.map((name) => columns.indexOf(name));
  const cut = rows.length > MOST_ROWS ? `, the first ${MOST_ROWS.toLocaleString("en-US")} of ${rows.length.toLocaleString("en-US")}` : ""; // prettier-ignore
  return {
    name: "sweep",
    caption: `Every cell${cut}; latencies in ms, throughput per second`,
    columns: shown.map((name) => name.replace(/^(policy|load|capacity)\./, "")),
    rows: rows.slice(0, MOST_ROWS).map((row) => places.map((at) => cell(row[at] ?? null))),
  };
}

function hasValues(columns: readonly string[], rows: SweepTable["rows"], name: string): boolean {
  const at = columns.indexOf(name);
  return at !== -1 && rows.some((row) => row[at] != null);
}

function isVaried(columns: readonly string[], rows: SweepTable["rows"], name: string): boolean {
  const at = columns.indexOf(name);
  return new Set(rows.map((row) => row[at] ?? null)).size > 1;
}

function cell(value: TableValue): DataTable["rows"][number][number] {
  if (value === null) return text("–");
  if (typeof value === "string") return text(value);
  return { text: value.toLocaleString("en-US", { maximumSignificantDigits: 4 }).replace("-", "−"), value };
}

function text(words: string): DataTable["rows"][number][number] {
  return { text: words };
}

function failuresOf({ failed, failedCount, impossible, impossibleCount }: SweepStatus): DataTable[] {
  const lists = [
    ["failed", "Cells that failed", failed, failedCount],
    ["impossible", "Cells that cannot be simulated", impossible, impossibleCount],
  ] as const;
  return lists.flatMap(([name, caption, cells, count]) => {
    if (count === 0) return [];
    const cut = count > MOST_NAMED ? `, the first ${MOST_NAMED} of ${count}` : "";
    const rows = cells.slice(0, MOST_NAMED).map(({ cell: of, reason }) => [text(cellName(of)), text(reason)]);
    return [{ name: `sweep-${name}`, caption: `${caption}${cut}`, columns: ["cell", "reason"], rows }];
  });
}

function trustOf(contests: readonly Contest[], { cells, finished, failedCount, left }: SweepStatus): TrustCheck[] {
  const ranked = contests.flatMap((contest) => contest.ranked);
  const above = ranked.filter(({ isAbove }) => isAbove).length;
  const contested = contests.filter(({ ranked: all }) => all.length > 1);
  const clear = contested.filter(({ first, isKnown }) => isKnown && first.length === 1).length;
  const unknown = ranked.filter(({ interval }) => interval === undefined).length;
  return [
    {
      name: "Cells",
      state: failedCount > 0 || left > 0 ? "look" : "fine",
      text: `${finished} of ${cells} finished, ${failedCount} failed, ${left} left.`,
    },
    ...(contested.length === 0
      ? []
      : [
          {
            name: "Told apart",
            state: clear === contested.length ? "fine" : "look",
            text: `In ${clear} of ${contested.length} places one setting is ahead of all others by more than runs differ, in mean latency.`,
          } as const,
        ]),
    {
      name: "Capacity",
      state: above > 0 ? "look" : "fine",
      text:
        above > 0
          ? `${above} of ${ranked.length} get more than they can serve: their latencies say how long the run was.`
          : "Every setting keeps up with its load.",
    },
    {
      name: "Intervals",
      state: unknown > 0 ? "unknown" : "fine",
      text:
        unknown > 0
          ? `${unknown} of ${ranked.length} have none: their profile does not say how times vary, or they were simulated once.`
          : "Each value has the interval that holds 9 of 10 runs.",
    },
    { name: "Extrapolation", state: "unknown", text: "A sweep does not keep it: servesim simulate says for one cell how much of the time lies beyond what the profile measured." }, // prettier-ignore
    { name: "Checked for real", state: "unknown", text: "No: every cell is simulated." },
  ];
}
