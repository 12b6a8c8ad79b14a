/** The quick start's policies for real on its Poisson load, in turn: mean latency of each, and what lies around vllm's steps. */
import { packageFile, readExperiment } from "../../formats/files/index.js";
import { startRealEngine, workloadOf } from "../../jobs/inputs/index.js";
import type { ModelFiles } from "../../onnx/index.js";
import { describeLoad, loadTokenizer, planPolicy } from "../../sim/index.js";
import { interleaved } from "./interleaved.js";

export interface PolicyFigures {
  /** Mean end-to-end latency of each repeat, ms, by policy. */
  readonly latencyMs: Readonly<Record<string, readonly number[]>>;
  /** Of vllm's repeats: P95 of what lies between the runtime's work on steps that follow at once, ms. */
  readonly overheadP95Ms: readonly number[];
}

export async function policyFigures(model: ModelFiles, repeats: number): Promise<PolicyFigures> {
  const { policies, loads, seed } = readExperiment(packageFile("examples/quickstart.yaml"));
  const load = loads.find((one) => one.request_rate !== undefined)!;
  const workload = await workloadOf(load, undefined, seed);
  const tokenize = await loadTokenizer();
  const overheadP95Ms: number[] = [];
  const ways = Object.fromEntries(
    policies.map(({ policy, label: _, ...settings }) => {
      const plan = planPolicy(policy, settings, { source: "examples/quickstart.yaml" });
      return [
        policy,
        async () => {
          const engine = await startRealEngine(plan, { model, device: "cpu" });
          try {
            const date = new Date().toISOString();
            const { info, requests } = await engine.measure({
              workload,
              tokenize,
              seed,
              load: describeLoad(load),
              date,
            });
            const overhead = info.step_overhead_ms as { readonly p95: number } | undefined;
            if (overhead !== undefined) overheadP95Ms.push(overhead.p95);
            return (
              requests.reduce((sum, { lastTokenNs, arrivalNs }) => sum + lastTokenNs! - arrivalNs, 0) /
              requests.length /
              1e6
            );
          } finally {
            await engine.close();
          }
        },
      ];
    }),
  );
  const latencyMs = await interleaved(repeats, ways);
  return { latencyMs, overheadP95Ms: overheadP95Ms.slice(1) };
}
