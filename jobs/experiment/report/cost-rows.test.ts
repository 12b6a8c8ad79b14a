import { readProfile } from "../../../formats/files/index.js";
import type { Profile } from "../../../formats/index.js";
import { measuredSteps } from "../../../sim/cost/measured-steps.fixture.js";
import { costRows, describeSteps, stepCostRows } from "./cost-rows.js";

const CPU = "profiles/mini-cpu-2core.json";
const GPU = "profiles/h100-llama-3.1-8b-vllm-0.26.json";

/** Every number of a part of a profile's cost that is in ns. */
function coefficients(part: object): number[] {
  return Object.entries(part).flatMap(([key, value]: [string, unknown]) => {
    if (key === "ci95_ns") return [];
    if (typeof value === "object" && value !== null) return coefficients(value);
    return typeof value === "number" && key.endsWith("_ns") ? [value] : [];
  });
}

function ascending(values: readonly number[]): number[] {
  return values.filter((value) => value !== 0).sort((a, b) => a - b);
}

describe("the rows of a profile's cost", () => {
  it.each([CPU, GPU])("of %s have every coefficient once", (path) => {
    const { cost } = readProfile(path);
    expect(ascending(costRows(cost).map(({ ns }) => ns))).toEqual(ascending(coefficients(cost)));
  });

  it("name a clipped term by its knots and give its interval", () => {
    const cost: Profile["cost"] = {
      kind: "static_batch",
      prefill: [{ basis: "attention_pairs", coefficient_ns: 2, beyond: 8, upto: 64, ci95_ns: [1, 3] }],
      decode_step: [{ basis: "base", coefficient_ns: 5 }],
      dispatch_ns: 7,
      cold_start_ns: 9,
    };
    expect(costRows(cost)).toEqual([
      { stage: "prefill", per: "attention pairs up to 64 beyond 8", ns: 2, intervalNs: [1, 3] },
      { stage: "decode step", per: "base", ns: 5 },
      { stage: "batch", per: "hand-over", ns: 7 },
      { stage: "first batch", per: "cold start", ns: 9 },
    ]);
  });

  it("have decodes of sizes that lie off the line", () => {
    const { cost } = readProfile(GPU);
    if (cost.kind !== "vllm_engine") throw new Error(`${GPU} has costs of kind ${cost.kind}`);
    const gpu = {
      ...cost.gpu,
      decode_base_ns: 100,
      decode_padded_token_ns: 10,
      decode_factors: [[2, 1.5]] as [number, number][],
    };
    expect(costRows({ ...cost, gpu })).toContainEqual({
      stage: "GPU, decode",
      per: "step of 2, 1.50 of base and tokens",
      ns: 180,
    });
    expect(costRows({ ...cost, gpu }, { "gpu.decode_factors.0.1": [1.25, 2] })).toContainEqual({
      stage: "GPU, decode",
      per: "step of 2, 1.50 of base and tokens",
      ns: 180,
      intervalNs: [150, 240],
    });
  });

  it("leave out parts per request that are 0, and a front end that is not there", () => {
    const { cost } = readProfile(GPU);
    if (cost.kind !== "vllm_engine") throw new Error(`${GPU} has costs of kind ${cost.kind}`);
    const { kind, gpu, host } = cost;
    const stages = costRows({ kind, gpu, host }).map(({ stage }) => stage);
    expect(stages.filter((stage) => stage === "schedule")).toHaveLength(4);
    expect(stages.filter((stage) => stage === "launch, full graph")).toHaveLength(1);
    expect(stages.some((stage) => stage.startsWith("front end"))).toBe(false);
  });
});

describe("the rows of a profile's steps", () => {
  it("have every coefficient once, by what it is per", () => {
    const { terms, schedule, update, cold_start_ns } = measuredSteps;
    const rows = stepCostRows(measuredSteps);
    expect(ascending(rows.map(({ ns }) => ns))).toEqual(
      ascending(coefficients({ terms, schedule, update, cold_start_ns })),
    );
    expect(rows.slice(0, 3)).toEqual([
      { stage: "step, dense layers", per: "run", ns: 10_000 },
      { stage: "step, dense layers", per: "tokens", ns: 100 },
      { stage: "step, next tokens", per: "run", ns: 5000 },
    ]);
  });

  it("come with what steps kept out of the fit, loops and mixed steps said", () => {
    const told = describeSteps({
      ...measuredSteps,
      held_out: { points: 9, median_ape: 0.021, p90_ape: 0.05 },
      loop: { steps: 138, error: -0.03 },
      mixed: { points: 10, over_two_runs: 0.7, assumption_error: 0.12 },
    });
    expect(told).toEqual([
      "steps: median error 2.1 %, P90 5.0 % on 9 kept out of the fit",
      "138 steps in a row, as a scheduler makes them: -3.0 % in all",
      "a step that decodes and prefills takes 70.0 % of the two apart (median of 10); both less one base would be off by +12.0 %",
    ]);
  });
});
