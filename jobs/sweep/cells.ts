/** The cells of a sweep: every combination of its axes, in the order of the file. */
import {
  check,
  ConfigError,
  loadSchema,
  MAX_SWEEP_CELLS,
  suggest,
  type Load,
  type Profile,
  type Sweep,
} from "../../formats/index.js";
import { requireBetaOf, routerNames, type RouterName } from "../../sim/index.js";
import { atPlace, loadProfile, planPolicyAt } from "../inputs/index.js";
import { CellIndex } from "./cell-index.js";
import { identifier, type Identify } from "./identify.js";

/** One simulation of a sweep, in a form that crosses threads and files. */
export interface SweepCell {
  /** Fingerprint of everything that the result depends on, 16 hex digits. */
  readonly id: string;
  readonly policy: string;
  readonly label: string;
  /** As given; the policy fills in the rest. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Name or file, as in the sweep. */
  readonly profile: string;
  readonly load: Load;
  readonly seed: string;
  readonly replicas: number;
}

export interface SweepPlan {
  readonly sweep: Sweep;
  readonly router: RouterName;
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly cells: SweepCells;
  readonly identify: Identify;
}

type Axes = readonly [
  profiles: readonly string[],
  policies: readonly Pick<SweepCell, "policy" | "label" | "settings">[],
  loads: readonly Load[],
  seeds: readonly string[],
  replicas: readonly number[],
];

/** All combinations of some axes, the last changing fastest: made when they are asked for, only their names are kept. */
export class SweepCells implements Iterable<SweepCell> {
  readonly length: number;

  constructor(
    private readonly axes: Axes,
    /** As many as there are combinations, in their order. */
    private readonly ids: CellIndex,
  ) {
    this.length = ids.length;
  }

  at(place: number): SweepCell {
    return { id: this.ids.idAt(place), ...combinationAt(this.axes, place) };
  }

  /** Undefined: no cell has that name. */
  placeOf(id: string): number | undefined {
    return this.ids.placeOf(id);
  }

  *[Symbol.iterator](): Generator<SweepCell> {
    for (let place = 0; place < this.length; place++) yield this.at(place);
  }
}

function combinationAt(axes: Axes, place: number): Omit<SweepCell, "id"> {
  let rest = place;
  const chosen = [...axes].reverse().map((axis): unknown => {
    const value = axis[rest % axis.length];
    rest = Math.floor(rest / axis.length);
    return value;
  });
  const [replicas, seed, load, policy, profile] = chosen as [number, string, Load, Axes[1][number], string];
  return { ...policy, profile, load, seed, replicas };
}

/** Checks every policy, profile and load; `source` is the sweep's file, for errors. */
export function planSweep(sweep: Sweep, source: string): SweepPlan {
  const router = routerOf(sweep, source);
  rejectEmptyAxes(sweep, source);
  const profiles = new Map(
    sweep.profiles.map((name) => [name, atPlace(`${source}: profiles`, () => loadProfile(name))]),
  );
  const policies = sweep.policies.flatMap(({ policy, label, ...axes }, at) =>
    combinations(axes).map((settings) => {
      planPolicyAt(`${source}: policies[${at}]`, policy, settings);
      return { policy, label: label ?? policy, settings };
    }),
  );
  const loads = sweep.loads.flatMap((axes, at) =>
    combinations(axes).map((load) => check(loadSchema, load, { source: `${source}: loads[${at}]` })),
  );
  const { seeds, replicas } = sweep;
  const axes = [[...profiles.keys()], policies, loads, seeds, replicas] as const;
  const count = axes.reduce((product, axis) => product * axis.length, 1);
  if (count > MAX_SWEEP_CELLS) {
    throw new ConfigError(`${source}: ${count} cells, expected at most ${MAX_SWEEP_CELLS}; split the sweep`);
  }
  const identify = identifier(sweep, { profiles, loads });
  const ids = new CellIndex();
  for (let place = 0; place < count; place++) {
    const cell = combinationAt(axes, place);
    const earlier = ids.add(identify(cell));
    if (earlier === place) continue;
    const names = [combinationAt(axes, earlier), cell].map(cellName);
    throw new ConfigError(`${source}: two cells are the same, ${names.join(" and ")}; leave one of them out`);
  }
  return { sweep, router, profiles, cells: new SweepCells(axes, ids), identify };
}

/** A list of no values makes no cell. */
function rejectEmptyAxes(sweep: Sweep, source: string): void {
  for (const part of ["policies", "loads"] as const) {
    for (const [at, axes] of sweep[part].entries()) {
      const empty = Object.entries(axes).find(([, value]) => Array.isArray(value) && value.length === 0);
      if (empty === undefined) continue;
      throw new ConfigError(
        `${source}: ${part}[${at}].${empty[0]}: got an empty list, expected a value, or a list of values`,
      );
    }
  }
}

function routerOf({ router, router_beta, replicas }: Sweep, source: string): RouterName {
  const known = routerNames.find((name) => name === router);
  if (known === undefined) {
    throw new ConfigError(
      `${source}: router: no router "${router}"${suggest(router, routerNames)} (known: ${routerNames.join(", ")})`,
    );
  }
  if (known !== "round-robin" && replicas.every((number) => number === 1)) {
    throw new ConfigError(`${source}: router: ${router} has nothing to choose from, replicas is 1`);
  }
  requireBetaOf(known, router_beta, `${source}: router_beta`);
  return known;
}

/**
 * Every combination of the values of the axes, the last axis changing fastest; anything but a list counts as one value.
 */
export function combinations(axes: Readonly<Record<string, unknown>>): Record<string, unknown>[] {
  const lists = Object.values(axes).map((value): readonly unknown[] => (Array.isArray(value) ? value : [value]));
  const keys = Object.keys(axes);
  return crossed(lists).map((values) => Object.fromEntries(keys.map((key, at) => [key, values[at]])));
}

/** One value of each list, in all ways, those of the last list changing fastest. */
function crossed(lists: readonly (readonly unknown[])[]): unknown[][] {
  return lists.reduce<unknown[][]>(
    (made, values) => made.flatMap((before) => values.map((value) => [...before, value])),
    [[]],
  );
}

/** A cell in words, for messages. */
export function cellName({ label, profile, load, seed, replicas }: Omit<SweepCell, "id">): string {
  const rate = load.request_rate === undefined ? "" : ` at ${load.request_rate}/s`;
  const servers = replicas === 1 ? "" : ` on ${replicas} replicas`;
  return `${label} on ${profile}${servers}, ${load.label ?? load.workload ?? load.dataset_name ?? "prompts"}${rate}, seed ${seed}`;
}
