/**
 * Who wins where in a sweep: settings that compete (policies and their settings) at every place (load, profile, replicas), by one
 * statistic. Seeds of a cell are taken together: the mean of their values, and the widest of their intervals.
 */
import { greatest, least, listed } from "../../../formats/index.js";
import { mean } from "../../../sim/index.js";
import { grouped } from "../grouped.js";
import type { SweepTable, TableValue } from "../table.js";
import { rowWords, variedColumns } from "./words.js";

export interface Contestant {
  readonly name: string;
  /** What the name is made of, a setting each. */
  readonly parts: readonly string[];
  readonly value: number;
  /** Holds 9 of 10 runs; absent: not known. */
  readonly interval?: readonly [number, number];
  /** It gets more than it can serve, so its latencies grow with the run. */
  readonly isAbove: boolean;
}

export interface Contest {
  /** In words; empty: the sweep has one place. */
  readonly place: string;
  /** At least one, the best first; those above capacity last. */
  readonly ranked: readonly Contestant[];
  /** The best and those that one run cannot tell from it: their intervals have values in common. */
  readonly first: readonly Contestant[];
  /** The best of the others; absent: there is none. */
  readonly next?: Contestant;
  /** How far the best is ahead of it, as a fraction of it. */
  readonly lead?: number;
  /** Whether intervals of all that are ranked are known. */
  readonly isKnown: boolean;
}

type Row = readonly TableValue[];

/** In the order of the table; the least value wins. Cells that failed, or without the statistic, take no part. */
export function contestsOf({ columns, rows }: SweepTable, statistic: string): Contest[] {
  const failed = columns.indexOf("error");
  const cells = rows.filter((row) => row[failed] === null);
  const { choice, place } = columnsOf(columns, cells);
  const label = columns.indexOf("label");
  const partsOf = (row: Row): string[] => {
    const parts = choice.map((column) => rowWords([column], row)).filter((text) => text !== "");
    return parts.length === 0 ? [String(row[label])] : parts;
  };
  return [...grouped(cells, (row) => rowWords(place, row))].flatMap(([where, own]) => {
    const ranked = [...grouped(own, (row) => partsOf(row).join(", ")).values()]
      .flatMap((of) => contestantOf(partsOf(of[0]!), of, { columns, statistic }) ?? [])
      .sort((a, b) => Number(a.isAbove) - Number(b.isAbove) || a.value - b.value);
    return ranked.length === 0 ? [] : [contestOf(where, ranked)];
  });
}

function contestOf(place: string, ranked: readonly Contestant[]): Contest {
  const best = ranked[0]!;
  const first = ranked.filter((one) => one === best || (one.isAbove === best.isAbove && overlap(best, one)));
  const next = ranked.find((one) => !first.includes(one));
  const isKnown = ranked.every(({ interval }) => interval !== undefined);
  const lead = next === undefined ? {} : { next, lead: (next.value - best.value) / next.value };
  return { place, ranked, first, isKnown, ...lead };
}

function overlap({ interval: one }: Contestant, { interval: other }: Contestant): boolean {
  return one !== undefined && other !== undefined && one[0] <= other[1] && other[0] <= one[1];
}

/** Policies and their settings compete; where there is one alone, what else a user chooses. */
function columnsOf(columns: readonly string[], cells: readonly Row[]) {
  const varied = variedColumns(columns, cells);
  const isChoice = [/^(label|policy\..*)$/, /^replicas$/, /^profile$/].find((kind) =>
    varied.some(({ name }) => kind.test(name)),
  );
  return {
    choice: varied.filter(({ name }) => isChoice?.test(name)),
    place: varied.filter(({ name }) => isChoice?.test(name) !== true),
  };
}

function contestantOf(
  parts: readonly string[],
  rows: readonly Row[],
  { columns, statistic }: { readonly columns: readonly string[]; readonly statistic: string },
): Contestant | undefined {
  const figures = (column: string): number[] => {
    const at = columns.indexOf(column);
    return rows.flatMap((row) => (typeof row[at] === "number" ? [row[at]] : []));
  };
  const values = figures(statistic);
  if (values.length === 0) return undefined;
  const [lows, highs] = [figures(`${statistic}_low`), figures(`${statistic}_high`)];
  const isKnown = lows.length === values.length && highs.length === values.length;
  const verdict = columns.indexOf("capacity.verdict");
  return {
    name: parts.join(", "),
    parts,
    value: mean(values),
    ...(isKnown ? { interval: [least(lows), greatest(highs)] } : {}),
    isAbove: rows.some((row) => row[verdict] === "above"),
  };
}

/**
 * What some of those who compete are called: the settings that they and nobody else share, else those that all others share, else
 * all their names.
 */
export function nameOf(some: readonly Contestant[], all: readonly Contestant[]): string {
  const others = all.filter((one) => !some.includes(one));
  const but = others.length === 0 ? undefined : sharedName(others, all);
  return sharedName(some, all) ?? (but === undefined ? listed(some.map(({ name }) => name)) : `anything but ${but}`);
}

/** Undefined: others have the same settings in common. */
function sharedName(some: readonly Contestant[], all: readonly Contestant[]): string | undefined {
  const shared = some[0]!.parts.filter((part) => some.every(({ parts }) => parts.includes(part)));
  const sharing = all.filter(({ parts }) => shared.every((part) => parts.includes(part)));
  return sharing.length === some.length ? shared.join(", ") : undefined;
}
