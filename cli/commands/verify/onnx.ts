/** Loads of a verification with ONNX Runtime on this machine. */
import { ConfigError } from "../../../formats/index.js";
import type { Deployment } from "../../../jobs/answers/index.js";
import { planOf, startRealEngine, type RealEngine } from "../../../jobs/inputs/index.js";
import type { LoadToSend } from "../../../jobs/verify/index.js";
import { ensureModel, requireProvider } from "../../../onnx/index.js";
import { describeLoad, loadTokenizer } from "../../../sim/index.js";
import type { LoadSender, VerifyFlags } from "./index.js";

export async function onnxSender(loads: readonly LoadToSend[], flags: VerifyFlags): Promise<LoadSender> {
  const { device } = flags;
  for (const { deployment } of loads) requireHere(deployment, loads[0]!.deployment);
  await requireProvider(device);
  const model = await ensureModel(flags.model ?? loads[0]!.deployment.profile.model.name);
  const tokenize = await loadTokenizer();
  let engine: { readonly of: string; readonly started: RealEngine } | undefined;
  /** The engine of a policy with its settings; loads that share it come one after the other. */
  const engineFor = async (deployment: Deployment): Promise<RealEngine> => {
    const of = JSON.stringify(deployment.policy);
    if (engine?.of === of) return engine.started;
    await engine?.started.close();
    engine = undefined;
    const started = await startRealEngine(planOf(deployment), { model, device });
    engine = { of, started };
    return started;
  };
  // Settings that this machine cannot run are told before anything is predicted.
  await engineFor(loads[0]!.deployment);
  return {
    loads,
    notes: [],
    send: async (at, { workload, load, seed }, { signal, onProgress }) => {
      const started = await engineFor(loads[at]!.deployment);
      const date = new Date().toISOString();
      return started.measure({ workload, seed, load: describeLoad(load), tokenize, signal, onProgress, date });
    },
    close: async () => engine?.started.close(),
  };
}

function requireHere({ profile, replicas, source }: Deployment, first: Deployment): void {
  if (source.kind === "sessions")
    throw new ConfigError("the answer's load is one of sessions, which are sent to a vLLM server only (--base-url)");
  if (profile.cost.kind !== "static_batch") {
    throw new ConfigError(`profile "${profile.name}" is of a vLLM server, verify it at its --base-url`);
  }
  if (replicas > 1) throw new ConfigError(`the answer is about ${replicas} replicas, this machine is one`);
  if (profile.name !== first.profile.name) {
    throw new ConfigError(
      `the answer is about a change from profile "${first.profile.name}" to "${profile.name}", this machine is one`,
    );
  }
}
