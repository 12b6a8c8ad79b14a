/** The worked example of docs/size-a-deployment.md, some of its busiest minutes: how many H100s for three times the Azure trace? */
import { existsSync } from "node:fs";
import { loadSchema, parseSlos } from "../../../formats/index.js";
import { readProfile } from "../../../formats/files/index.js";
import { readSource, type LoadSource } from "../load/load-source.js";
import { findSize } from "./size.js";

const trace = "../shared/data/azure-2023/AzureLLMInferenceTrace_conv.csv.gz";
const isThere = existsSync(trace);
if (!isThere) console.warn(`no trace in ${trace}: the example of its size is not tested`);

(isThere ? test : test.skip)(
  "two H100s serve three times the trace with P99 TTFT under 500 ms, one does not",
  async () => {
    const load = loadSchema.parse({ workload: trace, slice_start_s: 1500, slice_end_s: 1700 });
    const source = (await readSource(load, undefined, "replicas")) as Extract<LoadSource, { kind: "list" | "trace" }>;
    const found = await findSize(
      {
        policy: { name: "vllm", settings: { max_model_len: 16_384 } },
        profile: readProfile("profiles/h100-llama-3.1-8b-vllm-0.26.json"),
        load,
        source: { ...source, scale: 3 },
        vary: "replicas",
        goals: { slos: parseSlos("p99_ttft:500") },
        seed: "1",
        jitter: undefined,
        engine: "fast",
        replicas: 1,
        router: "round-robin",
      },
      { replications: 2, workers: 1, windowS: 100 },
    );
    expect(found).toMatchObject({ value: 2, low: 2, high: 2, binding: { slo: "p99_ttft", resource: "gpu" } });
    expect(found.evidence[1]!.statistics.p99_ttft_ms!).toBeLessThan(400);
    expect(found.windows!.windows.map(({ replicas }) => replicas)).toEqual([2, 2]);
  },
);
