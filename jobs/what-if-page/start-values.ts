/** Where a page's controls begin on a profile: lengths that it was measured on, at a rate that keeps a vLLM server busy. */
import { check, ConfigError, loadSchema, type Profile } from "../../formats/index.js";
import type { Defaults } from "../../page/model/index.js";
import { createVllm, machineOf, planPolicy, saturatedRate, simulateRun, workloadFromLengths } from "../../sim/index.js";

/** Of what the server can take. */
const UTILISATION = 0.7;
const REQUESTS = 2000;
/** Lengths go to so many times their mean. */
const SPREAD = 1.5;

/** ConfigError for a profile on which a vLLM server serves nothing. */
export function startValues(profile: Profile): Defaults {
  const lengths = startLengths(profile);
  const load = check(
    loadSchema,
    {
      ...{ dataset_name: "random", random_range_ratio: SPREAD - 1, num_prompts: REQUESTS },
      ...{ random_input_len: lengths.inputTokens, random_output_len: lengths.outputTokens, request_rate: 1 },
    },
    { source: "load" },
  );
  const plan = planPolicy("vllm", {}, { source: "settings of vllm" });
  const workload = workloadFromLengths(load, "1");
  const input = { plan, profile, workload, load, seed: "1", coldStart: false };
  const full = saturatedRate(input);
  if ("reason" in full) throw new ConfigError(`profile "${profile.name}": ${full.reason}`);
  const requestRate = Number((UTILISATION * full.requestsPerS).toPrecision(2));
  const rated = { ...load, request_rate: requestRate };
  const { info } = simulateRun({ ...input, load: rated, workload: workloadFromLengths(rated, "1") });
  const { mean_concurrent_requests: running } = info.summary as { readonly mean_concurrent_requests: number };
  // What the server resolves from memory is known to its scheduler's limits.
  const server = { ...createVllm({}, machineOf(profile)).settings };
  return { requestRate, requests: REQUESTS, ...lengths, running, server };
}

/** The longest request is within what was measured. */
function startLengths({ range }: Profile): Pick<Defaults, "inputTokens" | "outputTokens"> {
  const inputTokens = Math.max(1, Math.min(512, Math.floor(range.prompt_tokens[1] / (2 * SPREAD))));
  const left = Math.floor(range.context_tokens[1] / SPREAD) - inputTokens;
  return { inputTokens, outputTokens: Math.max(4, Math.min(128, left)) };
}
