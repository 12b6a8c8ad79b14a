/** Settings of a policy of steps where ONNX Runtime on this machine runs it, whatever policy it is. */
import { ConfigError } from "../../formats/index.js";
import { defaultStepSettings } from "../../onnx/index.js";
import { planPolicy, settingNames, type StepPlan } from "../../sim/index.js";

/** What a setting that is on would need. */
const missing: Readonly<Record<string, string>> = {
  enable_prefix_caching: "a request's keys and values lie in a slot of its own",
};

/** The plan as it can run here. ConfigError for a setting that was asked for and cannot be had. */
export function realStepPlan({ name, settings }: StepPlan): StepPlan {
  for (const [setting, why] of Object.entries(missing)) {
    if (settings[setting] !== true) continue;
    throw new ConfigError(`${setting}: not available on ONNX Runtime, ${why}; leave it out, or simulate it`);
  }
  const known = settingNames(name);
  const own = Object.fromEntries(Object.entries(defaultStepSettings).filter(([setting]) => known.includes(setting)));
  const plan = planPolicy(name, { ...own, ...settings }, { source: "flags" });
  if (plan.work !== "step") throw new ConfigError(`policy "${name}" runs whole batches, expected one that runs steps`);
  return plan;
}
