/** The run that a state asks for, by the names of the command line: what the page simulates and what the copied command says. */
import { defined } from "../../formats/index.js";
import { knobsOf } from "./knobs.js";
import type { KnobValue } from "./knob.js";
import type { PageProfile } from "./page-data.js";
import { valueOf, type State } from "./state.js";

/** The policies that the page compares. */
export const comparedPolicies = ["naive", "dynamic", "vllm"] as const;
export type ComparedPolicy = (typeof comparedPolicies)[number];

export interface RunOptions {
  readonly policy: ComparedPolicy;
  /** Those that were changed; others have their defaults. */
  readonly settings: Readonly<Record<string, KnobValue>>;
  /** Keys of a load (docs/workloads.md). */
  readonly load: Readonly<Record<string, KnobValue>>;
  readonly seed: string;
  readonly replicas?: number;
}

export function runOptions(page: PageProfile, state: State, policy: ComparedPolicy): RunOptions {
  const values = Object.fromEntries(knobsOf(page).map((knob) => [knob.id, valueOf(state, knob)]));
  const replicas = values.replicas as number;
  return {
    policy,
    settings: settingsOf(policy, state),
    load: loadOf(values),
    seed: String(values.seed),
    ...defined({ replicas: replicas === 1 ? undefined : replicas }),
  };
}

/** dynamic begins at its default size, or at the nearest one within its bounds. */
function settingsOf(policy: ComparedPolicy, { changed }: State): Readonly<Record<string, KnobValue>> {
  const own = Object.entries(changed).flatMap(([id, value]) =>
    id.startsWith(`${policy}.`) ? [[id.slice(policy.length + 1), value] as const] : [],
  );
  const settings = Object.fromEntries(own);
  if (policy !== "dynamic") return settings;
  const { min_batch_size: least = 4, max_batch_size: most = 32 } = settings;
  const begin = Math.min(Number(most), Math.max(Number(least), 8));
  return begin === 8 ? settings : { batch_size: begin, ...settings };
}

function loadOf(values: Readonly<Record<string, KnobValue>>): Readonly<Record<string, KnobValue>> {
  const { input_len, output_len, spread, prefix_len, request_rate, burstiness, num_prompts } = values;
  const arrivals = { request_rate: request_rate!, burstiness: burstiness!, num_prompts: num_prompts! };
  if (values.lengths === "even") {
    return {
      ...{ dataset_name: "random", random_input_len: input_len!, random_output_len: output_len! },
      ...{ random_range_ratio: spread!, random_prefix_len: Math.round(Number(prefix_len)) },
      ...arrivals,
    };
  }
  // A distribution with a long tail has a spread above nothing.
  const cv = Number((3 * Math.max(0.01, Number(spread))).toPrecision(3));
  return {
    ...{ dataset_name: "lognormal", lognormal_input_mean: input_len!, lognormal_input_cv: cv },
    ...{ lognormal_output_mean: output_len!, lognormal_output_cv: cv },
    ...arrivals,
  };
}

/** Of the chart by rate, over the rate of the load. */
const SWEEP_FACTORS = [0.06, 0.12, 0.25, 0.5, 0.7, 0.85, 1, 1.2, 1.5, 2] as const;

/** Rates around that of a load, requests/s, from low to high. */
export function sweepRates(ratePerS: number): readonly number[] {
  return SWEEP_FACTORS.map((factor) => Number((ratePerS * factor).toPrecision(4)));
}
