/**
 * npm run -s bench:steps [-- --page FILE --repeats N --overhead]: continuous batching on ONNX Runtime on this machine, with `mini`.
 * Decode steps beside the decode Loop, a mixed step beside two runs, the three policies of the quick start for real on its Poisson
 * load, and what our code takes around a step. What is compared runs in turn in one process. `--overhead`: only the last, from vllm
 * alone. Exit 4 when a target is missed.
 */
import { parseArgs } from "node:util";
import { writeMarkedSection } from "../../formats/files/index.js";
import { ensureModel } from "../../onnx/index.js";
import { mean } from "../../sim/index.js";
import { markdownTable } from "../original-suite/markdown-table.js";
import { runScript } from "../original-suite/run-script.js";
import type { OverheadPart } from "./overhead.js";
import { policyFigures } from "./policies.js";
import { decodeTimes, mixedTimes, type Compared } from "./step-times.js";

const targets = { decode: 0.65, mixed: 0.85, overheadP95Ms: 0.3 };

const { values } = parseArgs({
  options: {
    page: { type: "string" },
    repeats: { type: "string", default: "3" },
    overhead: { type: "boolean", default: false },
  },
});

await runScript(async () => {
  const model = await ensureModel("mini");
  const repeats = Number(values.repeats);
  if (values.overhead) {
    const { overhead } = await policyFigures(model, { repeats, only: ["vllm"] });
    console.log(overheadTable(overhead));
    return overheadVerdict(overhead).isMet ? 0 : 4;
  }
  const decodes = await decodeTimes(model, [
    { batch: 1, context: 256 },
    { batch: 8, context: 32 },
    { batch: 8, context: 256 },
    { batch: 16, context: 256 },
  ]);
  const mixed = await mixedTimes(model, [
    { batch: 8, context: 256, chunk: 16 },
    { batch: 8, context: 256, chunk: 64 },
    { batch: 8, context: 256, chunk: 256 },
  ]);
  const { latencyMs, overhead } = await policyFigures(model, { repeats });
  const means = Object.fromEntries(Object.entries(latencyMs).map(([policy, all]) => [policy, mean(all)]));
  const verdicts = [
    verdict("decode step, batch 8, context 256, over the Loop's", decodes[2]!.ratio, targets.decode),
    verdict("mixed step with a chunk of 16 over two runs", mixed[0]!.ratio, targets.mixed),
    verdict("mixed step with a chunk of 64 over two runs", mixed[1]!.ratio, targets.mixed),
    verdict("vllm's mean latency over dynamic's", means.vllm! / means.dynamic!, 1),
    verdict("vllm's mean latency over naive's", means.vllm! / means.naive!, 1),
    overheadVerdict(overhead),
  ];
  const page = [
    table("decode Loop", decodes),
    table("two runs", mixed),
    markdownTable(
      ["policy, Poisson load of the quick start", "mean latency, ms", "of each run"],
      Object.entries(latencyMs).map(([policy, all]) => [
        policy,
        means[policy]!.toFixed(1),
        all.map((one) => one.toFixed(1)).join(", "),
      ]),
    ),
    overheadTable(overhead),
    markdownTable(
      ["target", "measured", "at most", ""],
      verdicts.map(({ cells }) => cells),
    ),
  ].join("\n\n");
  console.log(page);
  if (values.page !== undefined) writeMarkedSection(values.page, "onnx-steps", page);
  return verdicts.every(({ isMet }) => isMet) ? 0 : 4;
});

function overheadTable(parts: readonly OverheadPart[]): string {
  return markdownTable(
    ["between two steps of vllm, the quietest run", "median, µs", "P95, µs"],
    parts.map(({ what, p50, p95 }) => [what, p50.toFixed(0), p95.toFixed(0)]),
  );
}

function overheadVerdict(parts: readonly OverheadPart[]) {
  const { p95 } = parts.find(({ what }) => what === "all")!;
  return verdict("our code around a step, P95 of the quietest run, ms", p95 / 1e3, targets.overheadP95Ms);
}

function table(beside: string, rows: readonly Compared[]): string {
  return markdownTable(
    ["step", "ms", `${beside}, ms`, "ratio"],
    rows.map(({ what, ms, besideMs, ratio }) => [what, ms.toFixed(2), besideMs.toFixed(2), ratio.toFixed(2)]),
  );
}

function verdict(what: string, measured: number, most: number) {
  const isMet = measured <= most;
  return { isMet, cells: [what, measured.toFixed(2), most.toFixed(2), isMet ? "met" : "missed"] };
}
