/** What ONNX Runtime on this machine asks of a policy of steps, whatever policy it is: its settings, and memory for the KV cache. */
import { ConfigError } from "../../formats/index.js";
import { defaultStepSettings, type ModelFiles } from "../../onnx/index.js";
import { planPolicy, settingNames, type EngineLimits, type StepPlan } from "../../sim/index.js";

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

/** ConfigError with what to change; each of `maxNumSeqs` sequences, and one more to swap, has a slot of `maxModelLen` tokens. */
export function requireSlotMemory(
  { kvBytesPerToken }: ModelFiles,
  { maxNumSeqs, maxModelLen }: Pick<EngineLimits, "maxNumSeqs" | "maxModelLen">,
  availableBytes: number,
): void {
  const cacheBytes = (maxNumSeqs + 1) * maxModelLen * kvBytesPerToken;
  if (cacheBytes <= availableBytes) return;
  const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  throw new ConfigError(
    `${maxNumSeqs} sequences of ${maxModelLen} tokens take ${gib(cacheBytes)} of KV cache, ${gib(availableBytes)} are free; ` +
      "give a smaller --max-num-seqs or --max-model-len",
  );
}
