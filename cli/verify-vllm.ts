/** Loads of a verification against a running vLLM server. */
import { cpus } from "node:os";
import { ConfigError } from "../formats/index.js";
import type { Deployment } from "../jobs/answers/index.js";
import { cpuModel } from "../machine/index.js";
import { benchVllm } from "../real/vllm/index.js";
import { readServerSettings } from "../real/vllm/server/index.js";
import { describeLoad, machineOf, planPolicy } from "../sim/index.js";
import { differentSettings } from "./server-differences.js";
import { serverAt } from "./server-flags.js";
import type { LoadSender, VerifyFlags } from "./verify.js";

export async function vllmSender(deployment: Deployment, flags: VerifyFlags): Promise<LoadSender> {
  const { base_url: url, model, endpoint, num_warmups: warmUps, vocab_size: vocab } = flags;
  const { policy, profile, replicas } = deployment;
  if (url === undefined)
    throw new ConfigError("a vLLM server is verified at its --base-url, such as http://127.0.0.1:8000");
  if (policy.name !== "vllm") {
    throw new ConfigError(
      `the answer is about ${policy.name}, a vLLM server schedules as vllm; verify it with --backend onnx`,
    );
  }
  const baseUrl = serverAt(url, flags);
  const server = await readServerSettings(baseUrl, { model });
  const plan = planPolicy(policy.name, policy.settings, { source: "settings of the answer" });
  const asked = plan.work === "step" ? plan.create(machineOf(profile)).settings : {};
  return {
    notes: [
      ...differentSettings(asked, server.settings),
      ...(replicas > 1 ? [`the answer is about ${replicas} replicas, which must stand behind ${url}`] : []),
    ],
    send: ({ workload, load, seed }, { signal, onProgress }) =>
      benchVllm({
        ...{ baseUrl, model, endpoint, warmUps, vocab, workload, seed, signal, onProgress },
        load: describeLoad(load),
        date: new Date().toISOString(),
        settings: server.settings,
        unmodelled: server.unmodelled.map(({ seen }) => seen),
        policySettings: plan.settings,
        hardware: { ...server.hardware, client: { cpu: { model: cpuModel(), cores: cpus().length } } },
      }),
    close: () => Promise.resolve(),
  };
}
