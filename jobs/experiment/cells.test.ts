import { experimentSchema } from "../../formats/index.js";
import { cellsOf } from "./cells.js";
import { fingerprint } from "../inputs/index.js";
import { requireFits } from "../../sim/index.js";

function buildExperiment(parts: object) {
  return experimentSchema.parse({ version: 1, name: "small", profile: "profile.json", ...parts });
}

const naive = { policy: "naive", batch_size: 4 };

describe("the cells of an experiment", () => {
  test("are every policy under every load, then the pairs named one by one", () => {
    const cells = cellsOf(
      buildExperiment({
        policies: [naive, { policy: "vllm", label: "v" }],
        loads: [
          { label: "closed", max_concurrency: 2 },
          { request_rate: 3, num_prompts: 8 },
        ],
        cells: [{ policy: { ...naive, label: "naive-own" }, load: { num_prompts: 4 } }],
      }),
      "x.yaml",
    );
    expect(cells.map(({ name }) => name)).toEqual([
      "naive--closed",
      "naive--rate3-n8",
      "v--closed",
      "v--rate3-n8",
      "naive-own--at-once-n4",
    ]);
  });

  test("have different names, or the user is asked for labels", () => {
    const twice = buildExperiment({ policies: [naive, naive], loads: [{ max_concurrency: 2 }] });
    expect(() => cellsOf(twice, "x.yaml")).toThrow(/x\.yaml: two cells are called "naive--closed2"; .*labels/);
  });

  test("take their cold start from the load, else from the experiment", () => {
    const cells = cellsOf(
      buildExperiment({
        cold_start: true,
        policies: [naive],
        loads: [{ label: "a" }, { label: "b", cold_start: false }],
      }),
      "x.yaml",
    );
    expect(cells.map(({ coldStart }) => coldStart)).toEqual([true, false]);
  });

  test("with a misspelt policy or setting name the place and the nearest name", () => {
    const of = (policy: object) => () => cellsOf(buildExperiment({ policies: [policy], loads: [{}] }), "x.yaml");
    expect(of({ policy: "nave" })).toThrow(/^x\.yaml: policies\[0\]\.policy: no policy "nave", did you mean "naive"\?/);
    expect(of({ policy: "naive", bach_size: 4 })).toThrow(/x\.yaml: policies\[0\].*did you mean "batch_size"\?/);
  });
});

test("a fingerprint ignores the order of keys and absent values, and nothing else", () => {
  expect(fingerprint({ a: 1, b: [{ c: 2, d: 3 }] })).toBe(fingerprint({ b: [{ d: 3, c: 2, e: undefined }], a: 1 }));
  const prints = [{ a: 1 }, { a: "1" }, { a: [1] }, { a: null }, { b: 1 }, [1, 2], [2, 1]].map(fingerprint);
  expect(new Set(prints).size).toBe(prints.length);
});

test("a request that fits the model to the last position passes, one token more is rejected by name", () => {
  const workload = (promptTokens: number) => ({
    requests: [
      { id: "short", promptTokens: 1, outputTokens: 24 },
      { id: "long", promptTokens, outputTokens: 4, prompt: "a prompt" },
    ],
    maxConcurrency: 1,
    thinkNs: 0,
  });
  expect(() => {
    requireFits(workload(104), 128, "tiny");
  }).not.toThrow();
  expect(() => {
    requireFits(workload(105), 128, "tiny");
  }).toThrow(/request long \("a prompt"\) has 105 prompt tokens, and batches decode up to 24; model tiny has 128/);
});
