/** What a report is made of: generic rows and sections, so that any command can fill them. All text is plain text. */
import type { Verdict } from "../compare/index.js";

/** A prediction beside what happened. Percentages are of the real value; ends of intervals from low to high. */
interface Compared {
  readonly sim?: number | undefined;
  readonly real?: number | undefined;
  /** (simulated - real) / real in percent, with its 90 % interval and what counts as agreement. */
  readonly errorPercent?: number | undefined;
  readonly intervalPercent?: readonly [number, number] | undefined;
  readonly tolerancePercent?: number | undefined;
  /** Lowest and highest real repeat. */
  readonly spread?: readonly [number, number] | undefined;
  readonly verdict?: Verdict | undefined;
  /** The verdict in words, and how many more repeats would decide it. */
  readonly verdictText?: string | undefined;
}

/** One predicted figure and what happened. */
export interface OutcomeRow extends Compared {
  readonly cell: string;
  readonly metric: string;
  /** `mean`, `p50`, `p95` ... */
  readonly stat: string;
  readonly unit: string;
  /** Requests behind the figure. */
  readonly n: number;
}

/** What the page says first. */
export interface ReportAnswer {
  /** The answer in one sentence or two. */
  readonly headline: string;
  /** Whether to believe it, and why. */
  readonly paragraphs: readonly string[];
}

/** One policy under one load, in the unit of its metric. */
export interface HeadlineRow extends Compared {
  readonly policy: string;
  /** The policy's colour in every chart, `#rrggbb`. */
  readonly colour: string;
  /** Where 9 of 10 real runs would lie, by the simulation. */
  readonly simInterval?: readonly [number, number] | undefined;
  /** What the reader must know of the figure, such as that it grows with the run. */
  readonly remark?: string | undefined;
}

export interface HeadlineLoad {
  readonly load: string;
  /** The load in words, such as `20 requests/s`. */
  readonly description: string;
  /** Who wins here, and by how much. */
  readonly statement: string;
  /** The best first. */
  readonly rows: readonly HeadlineRow[];
}

/** A metric over all loads and policies. */
export interface HeadlineMetric {
  readonly name: string;
  readonly unit: string;
  readonly loads: readonly HeadlineLoad[];
}

/** `look`: something that the reader should know before trusting a figure. */
export type TrustState = "fine" | "look" | "unknown";

/** One reason to trust the figures, or not to. */
export interface TrustCheck {
  readonly name: string;
  readonly state: TrustState;
  readonly text: string;
}

/** Requests of a cell from one source, or an even sample of them. NaN: the request has no such time. */
export interface SloSample {
  readonly cell: string;
  readonly source: "sim" | "real";
  readonly colour: string;
  /** Requests that the sample stands for, those without an answer included. */
  readonly requests: number;
  /** Of these, without an answer: they meet no limit. */
  readonly failed: number;
  /** Requests sent for each second of the run, so that a share is a rate. */
  readonly requestsPerS: number;
  readonly ttftMs: readonly number[];
  readonly tpotMs: readonly number[];
  readonly e2elMs: readonly number[];
}

export interface ReportTable {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface ReportSection {
  readonly heading: string;
  readonly facts?: readonly (readonly [string, string])[];
  readonly paragraphs?: readonly string[];
  readonly table?: ReportTable;
  /** Lines to be pasted into a shell. */
  readonly commands?: readonly string[];
}

export interface ReportInput {
  readonly title: string;
  readonly answer: ReportAnswer;
  /** The first is shown, the others can be unfolded. */
  readonly headline: readonly HeadlineMetric[];
  readonly trust: readonly TrustCheck[];
  readonly samples: readonly SloSample[];
  readonly outcome: readonly OutcomeRow[];
  /** Chart name -> SVG text. */
  readonly charts: ReadonlyMap<string, string>;
  /** How the figures were made: settings, machine, formulas. */
  readonly sections: readonly ReportSection[];
  readonly warnings: readonly string[];
  /** How to make them again, and from what: the last part. */
  readonly lastSections: readonly ReportSection[];
}
