/** What would ease each part of the time: the same scenario with one setting changed, or one cause taken away. */
import { defined, type Profile } from "../../formats/index.js";
import { ifItWorks, machineOf, withTwice, type AdmissionLimit, type PartName } from "../../sim/index.js";
import { planOf } from "../inputs/index.js";
import { inputOf, type Scenario } from "../scenario/index.js";

export interface Counterfactual {
  readonly change: string;
  readonly away: PartName;
  readonly scenario: Scenario;
}

/** Those for the parts given, each change once; what does not work on the scenario is left out. */
export function counterfactualsOf(scenario: Scenario, parts: readonly PartName[]): Counterfactual[] {
  const found = parts.flatMap((away) =>
    easing[away].flatMap((ease) => {
      const eased = ifItWorks(() => ease(scenario));
      return eased === undefined ? [] : [{ ...eased, away }];
    }),
  );
  return found.filter(({ change }, at) => found.findIndex((other) => other.change === change) === at);
}

type Eased = Omit<Counterfactual, "away"> | undefined;
type Ease = (scenario: Scenario) => Eased;

const easing: Readonly<Record<PartName, readonly Ease[]>> = {
  client: [withTwiceTheClients],
  front_end: [withoutFrontEnd],
  delivery: [withoutFrontEnd],
  batch_filling: [withHalfTheTimeout],
  batch_running: [doubled("seats")],
  batch_longest: [doubled("seats")],
  step_in_flight: [withHalfTheBudget],
  seats: [doubled("seats")],
  kv_blocks: [doubled("kv_blocks")],
  preemption: [doubled("kv_blocks")],
  token_budget: [doubled("token_budget")],
  own_prefill: [doubled("token_budget")],
  others_prefill: [withHalfTheBudget],
  decode: [withAnotherReplica],
  host: [withoutHost],
};

function doubled(limit: AdmissionLimit): Ease {
  return (scenario) => {
    const input = inputOf(scenario, { seed: scenario.seed, draw: null });
    const { plan, profile } = input;
    const isLimit = plan.work === "batch" || plan.create(machineOf(profile)).doubled[limit] !== undefined;
    if (!isLimit || (plan.work === "batch" && limit === "token_budget")) return undefined;
    const twice = withTwice(input, limit);
    const settings = Object.entries(twice.changed).map(([name, value]) => `${name} ${value}`);
    return {
      change: settings.length === 0 ? "twice the memory" : settings.join(", "),
      scenario: { ...withSettings(scenario, twice.changed), profile: twice.input.profile },
    };
  };
}

function withSettings(scenario: Scenario, settings: Readonly<Record<string, unknown>>): Scenario {
  const { policy } = scenario;
  return { ...scenario, policy: { ...policy, settings: { ...policy.settings, ...settings } } };
}

function withSetting(scenario: Scenario, name: string, value: number): Eased {
  const changed = withSettings(scenario, { [name]: value });
  planOf(changed).create(machineOf(scenario.profile));
  return { change: `${name} ${value}`, scenario: changed };
}

/** Of settings that are in force. */
function settingOf(scenario: Scenario, name: string): number | undefined {
  const plan = planOf(scenario);
  const settings = plan.work === "step" ? plan.create(machineOf(scenario.profile)).settings : plan.settings;
  const value = settings[name];
  return typeof value === "number" ? value : undefined;
}

function withHalfTheBudget(scenario: Scenario): Eased {
  const budget = settingOf(scenario, "max_num_batched_tokens");
  if (budget === undefined) return undefined;
  return withSetting(scenario, "max_num_batched_tokens", Math.ceil(budget / 2));
}

function withHalfTheTimeout(scenario: Scenario): Eased {
  const timeoutS = settingOf(scenario, "timeout_s");
  return timeoutS === undefined ? undefined : withSetting(scenario, "timeout_s", timeoutS / 2);
}

function withTwiceTheClients(scenario: Scenario): Eased {
  const { max_concurrency: clients } = scenario.load;
  if (clients === undefined || scenario.content.kind === "fixed") return undefined;
  const load = { ...scenario.load, max_concurrency: 2 * clients };
  return { change: `max_concurrency ${2 * clients}`, scenario: { ...scenario, load } };
}

function withAnotherReplica(scenario: Scenario): Eased {
  if (planOf(scenario).work === "batch") return undefined;
  const replicas = scenario.replicas + 1;
  return { change: `replicas ${replicas}`, scenario: { ...scenario, replicas } };
}

function withoutFrontEnd(scenario: Scenario): Eased {
  const { profile } = scenario;
  if (profile.cost.kind !== "vllm_engine" || profile.cost.front_end === undefined) return undefined;
  const cost = defined({ ...profile.cost, front_end: undefined });
  const without = { ...withoutDraws(profile, "front_end"), cost };
  return { change: "a front end that takes no time", scenario: { ...scenario, profile: without } };
}

function withoutHost(scenario: Scenario): Eased {
  const { profile } = scenario;
  if (profile.cost.kind !== "vllm_engine") return undefined;
  return {
    change: "a host thread that takes no time",
    scenario: {
      ...scenario,
      profile: { ...withoutDraws(profile, "host"), cost: { ...profile.cost, host: timeless(profile.cost.host) } },
    },
  };
}

/** The same draws of a fit, without what they say of one part. */
function withoutDraws(profile: Profile, part: string): Profile {
  const { cost_draws: draws } = profile;
  if (draws === undefined) return profile;
  const kept = draws.names.flatMap((name, column) => (name.startsWith(`${part}.`) ? [] : [column]));
  const pick = <T>(row: readonly T[]): T[] => kept.map((column) => row[column]!);
  return { ...profile, cost_draws: { ...draws, names: pick(draws.names), values: draws.values.map(pick) } };
}

/** All its times set to zero, except the memory between launches, which is not a cost. */
function timeless<T>(value: T, key = ""): T {
  if (typeof value === "number") return (key.endsWith("_ns") && key !== "memory_ns" ? 0 : value) as T;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, timeless(inner, name)])) as T;
}
