/** Charts of runs over time, from simulated runs of this repository's profiles. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readProfile } from "../../../formats/files/index.js";
import type { BatchRecord, Load, WorkloadRequest } from "../../../formats/index.js";
import { planPolicy, simulatedTimeline } from "../../../sim/index.js";
import { runPictures, seedsPicture, type BatchScene, type RunScene } from "../index.js";

const llama = readProfile("profiles/h100-llama-3.1-8b-vllm-0.26.json");
const mini = readProfile("profiles/mini-cpu-2core.json");

function requests(count: number, gapNs: number, promptTokens = 24, outputTokens = 12): WorkloadRequest[] {
  return Array.from({ length: count }, (_, at) => ({
    id: `r${at}`,
    arrivalNs: at * gapNs,
    promptTokens,
    outputTokens,
  }));
}

function scene(policy: "naive" | "vllm", of: readonly WorkloadRequest[], settings: object = {}): RunScene {
  const profile = policy === "naive" ? mini : llama;
  const plan = planPolicy(policy, settings, { source: "test" });
  const load = { num_prompts: of.length } as Load;
  const timeline = simulatedTimeline({
    plan,
    profile,
    workload: { requests: of, maxConcurrency: Infinity, thinkNs: 0 },
    load,
    seed: "1",
    coldStart: false,
    jitter: false,
  });
  const { num_gpu_blocks: kvBlocks = 1000 } = settings as { readonly num_gpu_blocks?: number };
  return { policy, source: "sim", timeline, ...(policy === "vllm" ? { kvBlocks } : {}) };
}

const batch = (at: number, peakBytes: number, limit: number): BatchRecord => ({
  batchId: at,
  startNs: at * 1e8,
  firstTokenNs: at * 1e8 + 1e7,
  endNs: at * 1e8 + 9e7,
  size: limit - 1,
  limit,
  promptTokens: 40,
  outputTokens: 20,
  peakBytes,
});
const batches: BatchScene = { policy: "dynamic", source: "real", threshold: 0.8, memoryBytes: 1000, batches: [batch(0, 500, 4), batch(1, 850, 6), batch(2, 700, 5)] }; // prettier-ignore

/** What stands below a chart, so that a failure is short. */
const noteOf = (svg: string): string => svg.slice(svg.lastIndexOf("</g>"));
const pictures = (scenes: readonly RunScene[], more: readonly BatchScene[] = []) =>
  runPictures({ title: "a <load>", scenes, batches: more });

test.each(["time_series", "batch_gantt", "request_lanes"])("draws %s of a small run as its golden SVG", (name) => {
  const svg = pictures([scene("naive", requests(5, 2e7), { batch_size: 2, timeout_s: 0.01 })]).get(name)!;
  const path = join(process.cwd(), "report", "charts", "golden", `${name}.svg`);
  if (process.env.UPDATE_GOLDEN === "1") writeFileSync(path, svg);
  expect(existsSync(path)).toBe(true);
  expect(svg).toBe(readFileSync(path, "utf8"));
});

test("a step has its decodes below its prompt tokens, a batch its prefill before its decodes", () => {
  const steps = pictures([scene("vllm", requests(3, 2e7))]).get("batch_gantt")!;
  expect(steps).toContain("<title>24 prompt tokens, 1 decodes,");
  expect(steps).toContain("The whole run is drawn.");
  const whole = pictures([scene("naive", requests(2, 1e6), { batch_size: 2 })]).get("batch_gantt")!;
  expect(whole).toContain("<title>48 prompt tokens, 0 decodes,");
  expect(whole).toContain("<title>0 prompt tokens, 2 decodes,");
});

test("preempted requests are framed in their lane and ticks at 100 % of the KV blocks", () => {
  const short = scene("vllm", requests(8, 1e6, 60, 200), { num_gpu_blocks: 40, max_model_len: 512 });
  const drawn = pictures([short]);
  expect(drawn.get("request_lanes")).toMatch(/preempted [\d.]+ ms/);
  expect(drawn.get("time_series")).toContain("preemptions of vllm, simulated");
  expect(noteOf(drawn.get("time_series")!)).toMatch(/at most [\d.]+ % of 40 KV blocks, \d+ preemptions?\./);
});

test("a long run is sampled, and says how; several are drawn on the same clock", () => {
  const many = requests(4000, 2e6);
  const drawn = pictures([scene("naive", many, { batch_size: 8 }), scene("vllm", many)]);
  expect(drawn.get("batch_gantt")).toMatch(
    /Drawn: from [\d.,]+ to [\d.,]+ m?s, about the longest queue; [\d.]+ % of the run\./,
  );
  expect(drawn.get("request_lanes")).toContain("Drawn: 30 requests in a row");
  expect(drawn.get("time_series")).toContain("n = 4,000 requests each");
  for (const svg of drawn.values()) {
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    expect(svg.length).toBeLessThan(250_000);
    expect(svg).toContain("a &lt;load&gt;");
  }
});

test("nothing that was served draws nothing, one request draws all", () => {
  expect([...pictures([]).keys()]).toEqual([]);
  const [, one] = [pictures([]), pictures([scene("vllm", requests(1, 0))])];
  expect([...one.keys()]).toEqual(["time_series", "batch_gantt", "request_lanes"]);
});

test("batches of dynamic stand against their limit, their memory against the threshold", () => {
  const svg = pictures([], [batches]).get("dynamic_batches")!;
  expect(svg).toContain("allowed 4 requests at first and 5 at last; memory at most 85 %, threshold 80 %.");
  expect(svg).toContain("<title>dynamic, real: 85 % of memory</title>");
  expect(svg).toContain('data-x="100" data-y="85" data-n="1"');
  const unknown = pictures([], [{ ...batches, memoryBytes: undefined }]).get("dynamic_batches")!;
  expect(unknown).toContain("No memory was recorded");
  const long = Array.from({ length: 1000 }, (_, at) => batch(at, 500, 4));
  expect(
    pictures([], [{ ...batches, batches: long }])
      .get("dynamic_batches")!
      .match(/% of memory<\/title>/g),
  ).toHaveLength(143);
});

test("each simulated seed and each real repeat is a dot; a single run is no picture", () => {
  const rows = [
    { policy: "vllm", load: "p", source: "sim", values: { mean_ttft_ms: [10, 12, 11] } },
    { policy: "vllm", load: "p", source: "real", values: { mean_ttft_ms: [11.5] } },
  ] as const;
  const svg = seedsPicture({ title: "t", rows })!;
  expect(svg).toContain("t: single runs (ms, s), n = 3 simulated runs and 1 real run of each cell");
  expect(svg.match(/data-series="vllm, p, simulated"/g)).toHaveLength(3);
  expect(svg).toContain('data-series="vllm, p, real" data-x="11.5"');
  expect(seedsPicture({ title: "t", rows: rows.slice(1) })).toBeUndefined();
});
