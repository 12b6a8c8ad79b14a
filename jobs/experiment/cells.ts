/** The cells of an experiment, each with a name, and what is sent in each: every policy under every load, then the pairs named one by one. */
import { ConfigError, type Experiment, type Load, type Workload } from "../../formats/index.js";
import { requireFits, type PolicyPlan } from "../../sim/index.js";
import { planPolicyAt, ratedLoad, workloadOf, type CapacityInput } from "../inputs/index.js";

export interface Cell {
  /** Folder name, unique in the experiment. */
  readonly name: string;
  readonly policyLabel: string;
  readonly loadLabel: string;
  readonly plan: PolicyPlan;
  readonly load: Load;
  readonly coldStart: boolean;
}

/** A cell with its explicit requests. */
export interface CellWorkload {
  readonly cell: Cell;
  readonly workload: Workload;
}

/** Checks every policy's settings; `source` is the experiment file, for errors. */
export function cellsOf(experiment: Experiment, source: string): Cell[] {
  const pairs = [
    ...experiment.policies.flatMap((policy, p) =>
      experiment.loads.map((load) => ({ policy, load, where: `policies[${p}]` })),
    ),
    ...experiment.cells.map(({ policy, load }, c) => ({ policy, load, where: `cells[${c}].policy` })),
  ];
  const cells = pairs.map(({ policy, load, where }): Cell => {
    const { policy: name, label: policyLabel = name, ...settings } = policy;
    const plan = planPolicyAt(`${source}: ${where}`, name, settings);
    const loadLabel = load.label ?? labelOf(load);
    const coldStart = load.cold_start ?? experiment.cold_start;
    return { name: `${policyLabel}--${loadLabel}`, policyLabel, loadLabel, plan, load, coldStart };
  });
  const seen = new Set<string>();
  for (const { name } of cells) {
    if (seen.has(name)) {
      throw new ConfigError(`${source}: two cells are called "${name}"; give their policies or loads different labels`);
    }
    seen.add(name);
  }
  return cells;
}

function labelOf(load: Load): string {
  const count = load.num_prompts === undefined ? "" : `-n${load.num_prompts}`;
  if (load.workload !== undefined) return `workload${count}`;
  const dataset = load.dataset_name === undefined ? "" : `${load.dataset_name}-`;
  const clients = load.max_concurrency === undefined ? "" : `closed${load.max_concurrency}`;
  const utilisation = load.utilisation === undefined ? "" : `load${Math.round(100 * load.utilisation)}`;
  const rate = load.request_rate === undefined ? utilisation : `rate${load.request_rate}`;
  return `${dataset}${clients}${rate}${clients === "" && rate === "" ? "at-once" : ""}${count}`;
}

/** ConfigError when a request of a batch policy does not fit the profile's model. */
export async function cellWorkloads(asked: readonly Cell[], input: CapacityInput): Promise<CellWorkload[]> {
  const { profile, prompts, seed } = input;
  const cells = await withRates(asked, input);
  const workloads = await Promise.all(
    cells.map(async (cell) => ({ cell, workload: await workloadOf(cell.load, prompts, seed) })),
  );
  for (const { cell, workload } of workloads) {
    if (cell.plan.work === "batch") requireFits(workload, profile.model.positions, profile.model.name);
  }
  return workloads;
}

/** The cells of an experiment with a request rate in place of each utilisation. */
export async function withRates(cells: readonly Cell[], input: CapacityInput): Promise<Cell[]> {
  return Promise.all(
    cells.map(async (cell) => {
      const load = await ratedLoad(cell.load, cell.plan, input);
      return load === cell.load ? cell : { ...cell, load };
    }),
  );
}
