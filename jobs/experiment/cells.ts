/** The cells of an experiment: each policy under each load, then the pairs named one by one, every cell with a name. */
import { ConfigError, type Experiment, type Load, type PolicyChoice } from "../../formats/index.js";
import type { PolicyPlan } from "../../sim/index.js";
import { planPolicyAt } from "../inputs/index.js";

export interface Cell {
  /** Folder name, unique in the experiment. */
  readonly name: string;
  readonly policyLabel: string;
  readonly loadLabel: string;
  readonly plan: PolicyPlan;
  readonly load: Load;
  readonly coldStart: boolean;
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
    const plan = planOf(policy, `${source}: ${where}`);
    const policyLabel = policy.label ?? policy.policy;
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

function planOf(choice: PolicyChoice, source: string): PolicyPlan {
  const settings = Object.fromEntries(Object.entries(choice).filter(([key]) => key !== "policy" && key !== "label"));
  return planPolicyAt(source, choice.policy, settings);
}

function labelOf(load: Load): string {
  const count = load.num_prompts === undefined ? "" : `-n${load.num_prompts}`;
  if (load.workload !== undefined) return `workload${count}`;
  const dataset = load.dataset_name === undefined ? "" : `${load.dataset_name}-`;
  const clients = load.max_concurrency === undefined ? "" : `closed${load.max_concurrency}`;
  const rate = load.request_rate === undefined ? utilisationLabel(load) : `rate${load.request_rate}`;
  return `${dataset}${clients}${rate}${clients === "" && rate === "" ? "at-once" : ""}${count}`;
}

function utilisationLabel({ utilisation }: Load): string {
  return utilisation === undefined ? "" : `load${Math.round(100 * utilisation)}`;
}
