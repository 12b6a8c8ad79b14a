/** What a report is made of: generic rows and sections, so that any command can fill them. All text is plain text. */
import type { Verdict } from "../compare/index.js";

/** One predicted figure and what happened. `spread`: lowest and highest real repeat, in `unit`. */
export interface OutcomeRow {
  readonly cell: string;
  readonly metric: string;
  /** `mean`, `p50`, `p95` ... */
  readonly stat: string;
  readonly unit: string;
  readonly sim?: number | undefined;
  readonly real?: number | undefined;
  /** (simulated - real) / real in percent, with its 90 % interval and what counts as agreement. */
  readonly errorPercent?: number | undefined;
  readonly intervalPercent?: readonly [number, number] | undefined;
  readonly tolerancePercent?: number | undefined;
  readonly spread?: readonly [number, number] | undefined;
  readonly verdict?: Verdict | undefined;
  /** The verdict in words, and how many more repeats would decide it. */
  readonly verdictText?: string | undefined;
  /** Requests behind the figure. */
  readonly n: number;
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
}

export interface ReportInput {
  readonly title: string;
  /** The answer, in one paragraph. */
  readonly lead: string;
  readonly outcome: readonly OutcomeRow[];
  /** Chart name -> SVG text. */
  readonly charts: ReadonlyMap<string, string>;
  /** In this order, before the warnings. */
  readonly sections: readonly ReportSection[];
  readonly warnings: readonly string[];
  /** After the warnings. */
  readonly lastSections: readonly ReportSection[];
}
