/**
 * A profile with other costs that fit its measurements about equally well, one joint draw of its fit: bootstrap
 * coefficients of static batches (`uncertainty`, terms and knots as fitted), or costs of a vLLM engine by their place
 * (`cost_draws`).
 */
import {
  check,
  ConfigError,
  numberAt,
  profileSchema,
  stepPartNames,
  vllmEngineCost,
  type CostTerm,
  type Profile,
  type StaticBatchCost,
  type StepCosts,
  type VllmEngineCost,
} from "../../formats/index.js";

/** How many draws the profile keeps; 0: it does not say how uncertain its calibration is. */
export function costDrawCount({ cost, uncertainty, cost_draws }: Profile): number {
  if (cost.kind === "vllm_engine") return cost_draws?.values.length ?? 0;
  return Math.max(uncertainty?.prefill.length ?? 0, uncertainty?.decode_step.length ?? 0);
}

/**
 * The profile with the costs of one draw, counted from 0 and modulo the number of draws. A profile that keeps none
 * comes back as it is. ConfigError for a draw of a cost that the profile does not have, or of a value that it cannot
 * have.
 */
export function withCostDraw(profile: Profile, draw: number): Profile {
  const { cost, uncertainty, cost_draws, steps } = profile;
  const draws = costDrawCount(profile);
  if (draws === 0) return profile;
  const at = draw % draws;
  if (cost.kind === "static_batch") {
    return {
      ...profile,
      cost: withCoefficients(cost, uncertainty!, at),
      ...(steps === undefined ? {} : { steps: withStepDraw(steps, at) }),
    };
  }
  const source = `profile "${profile.name}" with draw ${at} of its cost_draws`;
  return { ...profile, cost: withNumbers(cost, cost_draws!, at, source) };
}

type CostDraws = NonNullable<Profile["cost_draws"]>;

/** A cost that was checked with the numbers of one draw, so that those of others can take their places. */
interface CheckedCost {
  readonly of: VllmEngineCost;
  readonly checked: Omit<VllmEngineCost, "jitter">;
}

const checkedCosts = new WeakMap<CostDraws, CheckedCost>();

/** Checks the whole cost for one draw; for the others too, unless the first showed that any of them may stand there. */
function withNumbers(cost: VllmEngineCost, draws: CostDraws, at: number, source: string): VllmEngineCost {
  // Jitter that no draw changes stays the same object: its tables are made once (factor-tables.ts).
  const { jitter, ...rest } = cost;
  const isJitterDrawn = draws.names.some((name) => name.startsWith("jitter."));
  if (isJitterDrawn || jitter === undefined) return checkedWith(cost, draws, at, source) as VllmEngineCost;
  const known = checkedCosts.get(draws);
  if (known?.of === cost) return { ...drawnInto(known.checked, draws, at, source), jitter };
  const checked = checkedWith(rest, draws, at, source) as CheckedCost["checked"];
  if (mayAllStand(draws)) checkedCosts.set(draws, { of: cost, checked });
  return { ...checked, jitter };
}

function checkedWith(cost: object, draws: CostDraws, at: number, source: string): VllmEngineCost | StaticBatchCost {
  return check(profileSchema.shape.cost, drawnInto(cost, draws, at, source), { source });
}

function drawnInto<Cost extends object>(cost: Cost, { names, values }: CostDraws, at: number, source: string): Cost {
  const drawn = structuredClone(cost);
  names.forEach((name, column) => {
    set(drawn, name, values[at]![column]!, source);
  });
  return drawn;
}

/** Whether every number of every draw is one that its place takes, whatever stands in the others. */
function mayAllStand({ names, values }: CostDraws): boolean {
  return names.every((name, column) => {
    const number = numberAt(vllmEngineCost, name.split("."));
    return number !== undefined && values.every((row) => number.safeParse(row[column], { jitless: true }).success);
  });
}

/** A phase without draws (nothing was measured of it) stays as it is. */
function withCoefficients(
  cost: StaticBatchCost,
  { prefill, decode_step }: NonNullable<Profile["uncertainty"]>,
  draw: number,
): StaticBatchCost {
  return {
    ...cost,
    prefill: termsOf(cost.prefill, prefill[draw]),
    decode_step: termsOf(cost.decode_step, decode_step[draw]),
  };
}

/** Steps that keep fewer draws have them again from the first on. */
function withStepDraw(steps: StepCosts, draw: number): StepCosts {
  const { draws } = steps;
  if (draws === undefined) return steps;
  const drawn = stepPartNames.map((part) => {
    const rows = draws[part];
    return [part, termsOf(steps.terms[part], rows[draw % Math.max(1, rows.length)])];
  });
  return { ...steps, terms: Object.fromEntries(drawn) as StepCosts["terms"] };
}

function termsOf(terms: readonly CostTerm[], coefficients: readonly number[] | undefined): CostTerm[] {
  return terms.map((term, i) => ({ ...term, coefficient_ns: coefficients?.[i] ?? term.coefficient_ns }));
}

type Node = Record<string, unknown>;

/**
 * Puts a number at a place such as `host.update.base_ns`; whether there is such a place, the schema of the cost knows.
 */
function set(cost: object, place: string, value: number, source: string): void {
  const keys = place.split(".");
  const last = keys.pop()!;
  const isNode = (node: unknown): node is Node => typeof node === "object" && node !== null;
  let node: unknown = cost;
  for (const key of keys) node = isNode(node) ? node[key] : undefined;
  if (!isNode(node) || isNode(node[last])) {
    throw new ConfigError(`${source}: got ${place}, expected the place of a number in the cost, as gpu.decode_base_ns`);
  }
  node[last] = value;
}
