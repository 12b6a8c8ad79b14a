/**
 * npm run -s bench:growth: how the simulator's time grows with requests, output tokens, concurrency and pool size, each
 * at four sizes with the rest fixed; least of three runs each, all in this process, after a warm-up.
 */
import { performance } from "node:perf_hooks";
import { loadSchema, type WorkloadRequest } from "../../formats/index.js";
import { readProfile } from "../../formats/files/index.js";
import { planPolicy, simulateRun, stream, type EngineName } from "../../sim/index.js";
import { markdownTable } from "../original-suite/markdown-table.js";
import { runScript } from "../original-suite/run-script.js";
import { BARE_PROFILE_PATH } from "./run-case.js";
import { drawTokens } from "./token-lengths.js";

interface Point {
  readonly requests: number;
  readonly meanOutput: number;
  readonly concurrency: number;
  readonly blocks: number;
}

const MIDDLE: Point = { requests: 20_000, meanOutput: 200, concurrency: 64, blocks: 28_982 };

const axes: readonly { readonly name: string; readonly points: readonly Point[] }[] = [
  { name: "requests", points: [5_000, 20_000, 80_000, 320_000].map((requests) => ({ ...MIDDLE, requests })) },
  { name: "mean output tokens", points: [50, 200, 800, 3200].map((meanOutput) => ({ ...MIDDLE, meanOutput })) },
  { name: "concurrency", points: [16, 64, 256, 1024].map((concurrency) => ({ ...MIDDLE, concurrency })) },
  { name: "KV blocks", points: [1_000, 2_000, 4_000, 8_000].map((blocks) => ({ ...MIDDLE, blocks })) },
];

const columns: Readonly<Record<string, keyof Point>> = {
  requests: "requests",
  "mean output tokens": "meanOutput",
  concurrency: "concurrency",
  "KV blocks": "blocks",
};

await runScript(() => {
  const time = timer();
  time(MIDDLE, "fast");
  time({ ...MIDDLE, requests: 5_000 }, "step");
  const rows = axes.flatMap(({ name, points }) =>
    points.map((point) => {
      const fast = time(point, "fast");
      const step = time(point, "step");
      const each = (seconds: number): string => ((seconds * 1e6) / point.requests).toFixed(2);
      return [
        name,
        String(point[columns[name]!]),
        fast.seconds.toFixed(3),
        each(fast.seconds),
        ((100 * fast.jumped) / fast.steps).toFixed(0),
        String(fast.preemptions),
        step.seconds.toFixed(3),
        (step.seconds / fast.seconds).toFixed(1),
      ];
    }),
  );
  const header = ["grows", "to", "fast s", "µs a request", "% jumped", "preemptions", "step s", "step / fast"];
  console.log(markdownTable(header, rows));
  return 0;
});

interface Timed {
  readonly seconds: number;
  readonly steps: number;
  readonly jumped: number;
  readonly preemptions: number;
}

function timer(): (point: Point, engine: EngineName) => Timed {
  const { cost, ...rest } = readProfile(BARE_PROFILE_PATH);
  if (cost.kind !== "vllm_engine") throw new Error(`${BARE_PROFILE_PATH} is not of a vLLM engine`);
  const profile = { ...rest, cost: { kind: cost.kind, gpu: cost.gpu, host: cost.host } };
  return ({ requests: count, meanOutput, concurrency, blocks }, engine) => {
    const random = stream(`bench/growth/${count}/${meanOutput}`);
    const requests = Array.from({ length: count }, (_, index): WorkloadRequest => {
      const promptTokens = drawTokens(random, { meanTokens: 220, sigma: 1, longestTokens: 2048 });
      const outputTokens = drawTokens(random, { meanTokens: meanOutput, sigma: 0.8, longestTokens: 8192 });
      return { id: String(index), promptTokens, outputTokens };
    });
    const workload = { requests, maxConcurrency: concurrency, thinkNs: 0 };
    const settings = {
      max_num_seqs: 1024,
      max_num_batched_tokens: 8192,
      num_gpu_blocks: blocks,
      max_model_len: 16_384,
    };
    const plan = planPolicy("vllm", { ...settings, enable_prefix_caching: false }, { source: "bench/sim/growth.ts" });
    const load = loadSchema.parse({ num_prompts: count, max_concurrency: concurrency });
    let best: Timed | undefined;
    for (let run = 0; run < (engine === "fast" ? 3 : 1); run++) {
      const startMs = performance.now();
      const { info } = simulateRun({ plan, profile, workload, load, seed: "bench", coldStart: false, engine });
      const seconds = (performance.now() - startMs) / 1e3;
      const { scheduled, jumped } = info.engine_steps as { scheduled: number; jumped: number };
      const timed = { seconds, steps: scheduled + jumped, jumped, preemptions: info.preemptions as number };
      if (best === undefined || seconds < best.seconds) best = timed;
    }
    return best!;
  };
}
