/** Loads of a verification with ONNX Runtime on this machine. */
import { startRealEngine } from "../jobs/inputs/index.js";
import type { Deployment } from "../jobs/answers/index.js";
import { ConfigError } from "../formats/index.js";
import { ensureModel, requireProvider } from "../onnx/index.js";
import { describeLoad, loadTokenizer, planPolicy } from "../sim/index.js";
import type { LoadSender, VerifyFlags } from "./verify.js";

export async function onnxSender(deployment: Deployment, flags: VerifyFlags): Promise<LoadSender> {
  const { policy, profile, replicas } = deployment;
  if (profile.cost.kind !== "static_batch") {
    throw new ConfigError(`profile "${profile.name}" is of a vLLM server, verify it at its --base-url`);
  }
  if (replicas > 1) throw new ConfigError(`the answer is about ${replicas} replicas, this machine is one`);
  await requireProvider(flags.device);
  const plan = planPolicy(policy.name, policy.settings, { source: "settings of the answer" });
  const model = await ensureModel(flags.model ?? profile.model.name);
  const engine = await startRealEngine(plan, { model, device: flags.device });
  const tokenize = await loadTokenizer();
  return {
    notes: [],
    send: ({ workload, load, seed }, { signal, onProgress }) =>
      engine.measure({
        workload,
        seed,
        load: describeLoad(load),
        tokenize,
        signal,
        onProgress,
        date: new Date().toISOString(),
      }),
    close: () => engine.close(),
  };
}
