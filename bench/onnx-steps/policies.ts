/** The quick start's policies for real on its Poisson load, in turn: mean latency of each, and what lies around vllm's steps. */
import { packageFile, readExperiment } from "../../formats/files/index.js";
import type { Run } from "../../formats/index.js";
import { startRealEngine, workloadOf } from "../../jobs/inputs/index.js";
import type { ModelFiles } from "../../onnx/index.js";
import { describeLoad, loadTokenizer, planPolicy } from "../../sim/index.js";
import { interleaved } from "./interleaved.js";
import { overheadParts, type OverheadPart } from "./overhead.js";

export interface PolicyFigures {
  /** Mean end-to-end latency of each repeat, ms, by policy. */
  readonly latencyMs: Readonly<Record<string, readonly number[]>>;
  /** Between vllm's steps, of the repeat with the least P95: others on the machine only add to it. */
  readonly overhead: readonly OverheadPart[];
}

/** `only`: the policies to run; absent: all of the quick start. */
export async function policyFigures(
  model: ModelFiles,
  { repeats, only }: { readonly repeats: number; readonly only?: readonly string[] },
): Promise<PolicyFigures> {
  const { policies, loads, seed } = readExperiment(packageFile("examples/quickstart.yaml"));
  const load = loads.find((one) => one.request_rate !== undefined)!;
  const workload = await workloadOf(load, undefined, seed);
  const tokenize = await loadTokenizer();
  const overheads: OverheadPart[][] = [];
  const chosen = policies.filter(({ policy }) => only?.includes(policy) ?? true);
  const ways = Object.fromEntries(
    chosen.map(({ policy, ...choice }) => {
      const settings = Object.fromEntries(Object.entries(choice).filter(([key]) => key !== "label"));
      const plan = planPolicy(policy, settings, { source: "examples/quickstart.yaml" });
      return [
        policy,
        async () => {
          const engine = await startRealEngine(plan, { model, device: "cpu" });
          try {
            const date = new Date().toISOString();
            const run = await engine.measure({ workload, tokenize, seed, load: describeLoad(load), date });
            if (run.steps !== undefined) overheads.push(overheadParts(run.steps));
            return meanLatencyMs(run);
          } finally {
            await engine.close();
          }
        },
      ];
    }),
  );
  const latencyMs = await interleaved(repeats, ways);
  const p95 = (parts: readonly OverheadPart[]): number => parts.find(({ what }) => what === "all")!.p95;
  return { latencyMs, overhead: overheads.slice(1).sort((a, b) => p95(a) - p95(b))[0] ?? [] };
}

function meanLatencyMs({ requests }: Run): number {
  return (
    requests.reduce((sum, { lastTokenNs, arrivalNs }) => sum + lastTokenNs! - arrivalNs, 0) / requests.length / 1e6
  );
}
