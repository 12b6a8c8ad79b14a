/** Changes of a scenario as users write them: `request_rate=x1.5`, `max_num_seqs=256`, `profile=NAME`. */
import { check, ConfigError, loadSchema, loadShape, suggest, type AnswerEvidence } from "../../formats/index.js";
import {
  DEFAULT_BETA,
  findPolicy,
  machineOf,
  planPolicy,
  policyNames,
  requireBetaOf,
  routerNames,
  settingNames,
} from "../../sim/index.js";
import { loadProfile } from "../inputs/index.js";
import { readContent, type Scenario } from "../scenario/index.js";

/** As --replicas takes. */
const MOST_REPLICAS = 1000;

export interface Change {
  readonly text: string;
  readonly key: string;
  /** Of what it is now; or the new value. */
  readonly to: { readonly factor: number } | { readonly value: number | boolean | string };
}

type Scalar = AnswerEvidence["varied"][string];

export interface Changed {
  readonly scenario: Scenario;
  /** What was changed, and the values before and after. */
  readonly applied: readonly { readonly key: string; readonly before: Scalar; readonly after: Scalar }[];
  readonly notes: readonly string[];
}

/** ConfigError for a text that is not a change, or a key that is changed twice. */
export function parseChanges(texts: readonly string[], source = "--change"): Change[] {
  const changes = texts
    .flatMap((text) => text.split(/[,\s]+/).filter(Boolean))
    .map((text) => parseChange(text, source));
  if (changes.length === 0) throw new ConfigError(`${source}: got nothing, expected ${EXPECTED}`);
  const repeated = changes.find(({ key }, at) => changes.findIndex((other) => other.key === key) !== at);
  if (repeated !== undefined) {
    const both = changes.filter(({ key }) => key === repeated.key).map(({ text }) => text);
    throw new ConfigError(
      `${source}: ${both.join(" and ")} contradict each other, expected one change of ${repeated.key}`,
    );
  }
  return changes;
}

const EXPECTED = "KEY=VALUE or KEY=xFACTOR, such as request_rate=x1.5 or max_num_seqs=256";

function parseChange(text: string, source: string): Change {
  const [, name = "", value = ""] = /^(?:--)?([\w-]+)=(.+)$/.exec(text) ?? [];
  const [, times] = /^x(\d*\.?\d+)$/.exec(value) ?? [];
  if (value === "" || (times !== undefined && !(Number(times) > 0))) {
    throw new ConfigError(`${source}: got "${text}", expected ${EXPECTED}`);
  }
  const key = name.replaceAll("-", "_");
  if (times !== undefined) return { text, key, to: { factor: Number(times) } };
  return { text, key, to: { value: scalarOf(value) } };
}

function scalarOf(text: string): number | boolean | string {
  if (text === "true" || text === "false") return text === "true";
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
}

/** Keys that both sides must share, and why. */
const shared: Readonly<Record<string, string>> = {
  seed: "both sides have the same random numbers",
  jitter: "both sides have the same random numbers",
  engine: "both engines give the same result",
  prompts: "both sides have the same prompts",
  num_prompts: "both sides have the same requests",
};

/** ConfigError names what is not known, changes nothing, contradicts the load or has no value to be multiplied. */
export async function withChanges(base: Scenario, changes: readonly Change[], prompts?: string): Promise<Changed> {
  const notes: string[] = [];
  let scenario = base;
  const rank = ({ key }: Change): number => (key === "policy" ? 0 : key === "profile" ? 1 : 2);
  const applied: Changed["applied"][number][] = [];
  for (const change of [...changes].sort((a, b) => rank(a) - rank(b))) {
    const before = valueOf(scenario, change);
    const after = afterOf(change, before);
    if (before === after) throw failure(change, `it is ${String(before)} already, nothing would change`);
    applied.push({ key: change.key, before, after });
    scenario = withOne(scenario, change, { before, after: after!, notes });
  }
  scenario = { ...scenario, load: check(loadSchema, scenario.load, context) };
  if (applied.some(({ key }) => Object.hasOwn(loadShape, key)))
    scenario = { ...scenario, content: await readContent(scenario.load, prompts) };
  const { policy, profile, router, routerBeta } = scenario;
  if (applied.some(({ key }) => key === "router_beta")) requireBetaOf(router, routerBeta, "--change router_beta");
  const plan = planPolicy(policy.name, policy.settings, context);
  plan.create(machineOf(profile));
  return { scenario, applied, notes };
}

const context = { source: "--change", nameOf: (path: readonly PropertyKey[]): string => String(path[0]) };

function failure({ text }: Change, why: string): ConfigError {
  return new ConfigError(`--change ${text}: ${why}`);
}

/** What a key is now; null: not set. */
function valueOf(scenario: Scenario, change: Change): Scalar {
  const { policy, profile, load, replicas, router, routerBeta = DEFAULT_BETA } = scenario;
  const { key } = change;
  if (Object.hasOwn(shared, key)) throw failure(change, `${shared[key]!}, leave it out`);
  const own: Readonly<Record<string, Scalar>> = {
    ...{ policy: policy.name, profile: profile.name },
    ...{ replicas, router, router_beta: routerBeta },
  };
  if (Object.hasOwn(own, key)) return own[key]!;
  if (Object.hasOwn(loadShape, key) && key !== "label") return scalar(load[key as keyof typeof load]);
  const known = settingNames(policy.name);
  const setting = settingOf(key, known);
  if (setting === undefined) throw failure(change, unknown(key, policy.name));
  const plan = planPolicy(policy.name, policy.settings, context);
  const inForce = plan.work === "step" ? plan.create(machineOf(profile)).settings : plan.settings;
  return scalar(inForce[setting]);
}

function scalar(value: unknown): Scalar {
  if (value === undefined || value === null) return null;
  return typeof value === "number" || typeof value === "boolean" ? value : JSON.stringify(value).replaceAll('"', "");
}

/** `timeout` is the flag of timeout_s. */
function settingOf(key: string, known: readonly string[]): string | undefined {
  return [key, `${key}_s`].find((name) => known.includes(name));
}

function unknown(key: string, policy: string): string {
  const owners = policyNames.filter((name) => settingOf(key, settingNames(name)) !== undefined);
  if (owners.length > 0) return `${key} is a setting of ${owners.join(" and ")}, not of ${policy}`;
  const own = ["policy", "profile", "replicas", "router", "router_beta"];
  const all = [...settingNames(policy), ...Object.keys(loadShape), ...own];
  return `no setting, key of the load, policy, profile, replicas or router has that name${suggest(key, all)}`;
}

function afterOf(change: Change, before: Scalar): Scalar {
  const { to, key } = change;
  if ("value" in to) return to.value;
  if (typeof before === "number") return Number((before * to.factor).toPrecision(12));
  // Without a rate of its own a trace has its own times, which are scaled.
  if (before === null && key === "trace_rate") return `x${to.factor}`;
  const what = before === null ? `${key} is not set, there is` : `${key} is ${String(before)}, which is`;
  throw failure(change, `${what} nothing to multiply; give a value`);
}

interface One {
  readonly before: Scalar;
  readonly after: number | boolean | string;
  readonly notes: string[];
}

function withOne(scenario: Scenario, change: Change, { before, after, notes }: One): Scenario {
  const { policy, load } = scenario;
  const { key, to } = change;
  switch (key) {
    case "policy":
      return { ...scenario, policy: { name: String(after), settings: settingsKept(policy, String(after), notes) } };
    case "profile":
      return { ...scenario, profile: loadProfile(String(after)) };
    case "replicas":
      if (typeof after === "number" && Number.isInteger(after) && after > 0 && after <= MOST_REPLICAS)
        return { ...scenario, replicas: after };
      throw failure(change, `got ${String(after)} replicas, expected a whole number from 1 to ${MOST_REPLICAS}`);
    case "router": {
      const router = routerNames.find((name) => name === after);
      if (router !== undefined) return { ...scenario, router };
      throw failure(change, `got "${String(after)}", expected one of ${routerNames.join(", ")}`);
    }
    case "router_beta":
      if (typeof after === "number" && after >= 0) return { ...scenario, routerBeta: after };
      throw failure(change, `got ${String(after)}, expected a number of at least 0`);
  }
  if (Object.hasOwn(loadShape, key)) {
    const isOwnTimes = key === "trace_rate" && before === null && "factor" in to;
    const changed = isOwnTimes ? { time_scale: (load.time_scale ?? 1) / to.factor } : { [key]: after };
    return { ...scenario, load: { ...load, ...changed } };
  }
  const setting = settingOf(key, settingNames(policy.name))!;
  return { ...scenario, policy: { ...policy, settings: { ...policy.settings, [setting]: after } } };
}

/** The settings that another policy has as well; a note says which are left out. */
function settingsKept(
  { settings }: Scenario["policy"],
  policy: string,
  notes: string[],
): Scenario["policy"]["settings"] {
  findPolicy(policy);
  const known = settingNames(policy);
  const left = Object.keys(settings).filter((name) => !known.includes(name));
  if (left.length > 0) notes.push(`${left.join(", ")}: no setting of ${policy}, left out after the change`);
  return Object.fromEntries(Object.entries(settings).filter(([name]) => known.includes(name)));
}
