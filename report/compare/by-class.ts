/** The pairs of each class of requests (a load's `classes`), for metrics such as ttft@interactive. */
import type { Run } from "../../formats/index.js";
import type { PairedRun, Pairs } from "./join.js";

/** Which class the request in a row is of. */
export type ClassOf = (row: number) => string | undefined;

export interface ClassPairs {
  readonly name: string;
  readonly pairs: Pairs;
  /** Of each simulation: whether the request in a row is of the class. */
  readonly isOwn: readonly ((row: number) => boolean)[];
}

/** By name; none where the load of the simulation has no classes. */
export function classPairs(pairs: Pairs, sims: readonly Run[]): ClassPairs[] {
  const classesOf = sims.map(classOfRun);
  const [first] = classesOf;
  if (first === undefined) return [];
  const [{ rows }] = pairs.sims as readonly [PairedRun];
  const placesOf = new Map<string, number[]>();
  for (let pair = 0; pair < pairs.count; pair++) {
    const name = first(rows[pair]!);
    if (name === undefined || name === "") continue;
    const places = placesOf.get(name) ?? [];
    places.push(pair);
    placesOf.set(name, places);
  }
  return [...placesOf]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, places]) => ({
      name,
      pairs: only(pairs, places),
      isOwn: classesOf.map((classOf) => (row: number) => classOf?.(row) === name),
    }));
}

function only({ sims, reals }: Pairs, places: readonly number[]): Pairs {
  const of = ({ columns, rows }: PairedRun): PairedRun => ({
    columns,
    rows: Uint32Array.from(places, (at) => rows[at]!),
  });
  return { count: places.length, sims: sims.map(of), reals: reals.map(of) };
}

function classOfRun({ table, requests, info }: Run): ClassOf | undefined {
  if ((info.load as { readonly classes?: unknown }).classes === undefined) return undefined;
  if (table !== undefined) return table.classOf ?? ((row) => table.record(row).extra?.class);
  return (row) => requests[row]!.extra?.class;
}
