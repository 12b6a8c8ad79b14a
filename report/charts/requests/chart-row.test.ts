import { originalRowSchema } from "../../../formats/index.js";
import { chartRowsFromOriginal } from "./index.js";

const original = (more: Record<string, string>) =>
  originalRowSchema.parse({
    scheduler_type: "naive_scheduler",
    run_num: "2",
    seq: "7",
    status: "ok",
    latency: "0.5",
    ttft: "0.1",
    tokens_per_sec: "40",
    output_tokens: "20",
    ...more,
  });

describe("chartRowsFromOriginal", () => {
  it("reads a row of the original suite as a real request of a short-named scheduler", () => {
    expect(chartRowsFromOriginal([original({})])).toEqual([
      { scheduler: "naive", load: "2", seq: 7, source: "real", latencyS: 0.5, ttftS: 0.1, tokensPerS: 40 },
    ]);
  });

  it("takes source and repeat where the columns are there", () => {
    expect(chartRowsFromOriginal([original({ source: "sim", repeat: "3" })])[0]).toMatchObject({
      source: "sim",
      repeat: 3,
    });
    expect(chartRowsFromOriginal([original({ repeat: " " })])[0]).not.toHaveProperty("repeat");
  });

  it("leaves out requests that did not finish", () => {
    expect(chartRowsFromOriginal([original({ status: "error" }), original({})])).toHaveLength(1);
  });

  it("keeps other scheduler names as they are", () => {
    const names = ["vllm", "my_scheduler_v2", "_scheduler"].map((name) => original({ scheduler_type: name }));
    expect(chartRowsFromOriginal(names).map((row) => row.scheduler)).toEqual(["vllm", "my_scheduler_v2", "_scheduler"]);
  });
});
