/** What a policy's settings may be tuned to: for each, values around the one in force that work on the profile. */
import { ConfigError } from "../../../formats/index.js";
import { ifItWorks, machineOf, planPolicy, settingNames, slotsOfServer } from "../../../sim/index.js";
import { planOf } from "../../inputs/index.js";
import { inputAt, type Deployment } from "../run/index.js";

export type SettingValue = number | string | boolean;
export type Settings = Readonly<Record<string, SettingValue>>;

export interface Dimension {
  readonly setting: string;
  /** As the deployment has it. */
  readonly base: SettingValue;
  /** With the base. */
  readonly values: readonly SettingValue[];
}

type Values = (base: SettingValue, deployment: Deployment) => readonly SettingValue[];

/** Times the value in force. */
const multiples: Values = (base) => [0.25, 0.5, 1, 2, 4].map((times) => Math.max(1, Math.round(times * Number(base))));
const times: Values = (base) => {
  if (Number(base) === 0) return [0.01, 0.1, 0.5];
  return [0, ...[0.1, 0.25, 0.5, 2].map((factor) => Number((factor * Number(base)).toPrecision(4)))];
};
const flagValues: Values = () => [true, false];

/** Each only where it can change something. */
const spaces: Readonly<Record<string, Values>> = {
  max_num_seqs: multiples,
  max_num_batched_tokens: multiples,
  long_prefill_token_threshold: () => [0, 256, 512, 1024],
  enable_chunked_prefill: flagValues,
  enable_prefix_caching: (base, deployment) => (sharesContent(deployment) ? [true, false] : [base]),
  scheduling_policy: (base, { load }) => (load.priorities === undefined ? [base] : ["fcfs", "priority"]),
  block_size: () => [8, 16, 32],
  gpu_memory_utilization: () => [0.7, 0.8, 0.9, 0.95],
  batch_size: multiples,
  min_batch_size: multiples,
  max_batch_size: multiples,
  timeout_s: times,
  max_time_wait_s: times,
  memory_threshold: () => [0.6, 0.7, 0.8, 0.9],
};

export const tunableSettings: readonly string[] = Object.keys(spaces);

/** `only`: names of settings to tune. ConfigError for one that is not tuned, and where nothing is left to tune. */
export function tuneSpace(deployment: Deployment, only?: readonly string[]): Dimension[] {
  const { name } = deployment.policy;
  const own = settingNames(name).filter((setting) => Object.hasOwn(spaces, setting));
  for (const setting of only ?? []) {
    if (!own.includes(setting)) {
      throw new ConfigError(
        `--settings ${setting}: ${name} has no such setting to tune, expected some of ${own.join(", ")}`,
      );
    }
  }
  const plan = planOf(deployment);
  // The deployment's, those of the profile's server and the policy's own defaults.
  const inForce: Readonly<Record<string, unknown>> =
    plan.work === "step" ? plan.create(machineOf(deployment.profile)).settings : plan.settings;
  const dimensions = (only ?? own).flatMap((setting): Dimension[] => {
    const base = inForce[setting] as SettingValue | undefined;
    if (base === undefined) return [];
    const values = [...new Set([base, ...spaces[setting]!(base, deployment)])]
      .filter((value) => value === base || works(deployment, { [setting]: value }))
      .sort((a, b) => Number(a) - Number(b));
    return values.length < 2 ? [] : [{ setting, base, values }];
  });
  if (dimensions.length > 0) return dimensions;
  // A load that cannot be simulated at all says why.
  inputAt(deployment, { x: 1, seed: "1", draw: null, count: 1 });
  throw new ConfigError(`no setting of ${name} can be tuned on this profile under this load`);
}

/** Whether the policy can be made with these settings, on the profile. */
export function works(deployment: Deployment, changes: Settings): boolean {
  const made = ifItWorks(() => {
    const changed = changedBy(deployment, changes);
    const plan = planPolicy(changed.policy.name, changed.policy.settings, { source: "tune" });
    if (plan.work === "step") plan.create(machineOf(changed.profile));
    return slotsOfServer(inputAt(changed, { x: 1, seed: "1", draw: null, count: 1 })) > 0;
  });
  return made === true;
}

export function changedBy(deployment: Deployment, changes: Settings): Deployment {
  const { name, settings } = deployment.policy;
  return { ...deployment, policy: { name, settings: { ...settings, ...changes } } };
}

/** Whether some prompts begin alike. */
function sharesContent({ load, source }: Deployment): boolean {
  if (source.kind === "sessions") return true;
  if (source.kind === "list" || source.kind === "trace")
    return source.requests.some(({ content }) => content !== undefined);
  return load.dataset_name === "prefix_repetition" || (load.random_prefix_len ?? 0) > 0;
}
