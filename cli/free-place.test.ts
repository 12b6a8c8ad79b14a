/** Files of others stay: each command that writes one rejects before its work, and leaves what is there as it was. */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { servesimIn } from "../test/support/servesim-process.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-free-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const csv = "scheduler_type,run_num,seq,latency,ttft,tokens_per_sec,output_tokens\nnaive,1,1,1,1,1,1\n";
const profile = resolve("profiles/h100-llama-3.1-8b-vllm-0.26.json");
const validation = `version: 1
name: small
models: [tiny]
num_runs: 2
policies: [{ policy: naive, batch_size: 2 }]
loads: [{ num_prompts: 8, max_concurrency: 2 }]
`;
// Nobody listens there: what is sent is an error of another kind.
const bench = ["bench", "--backend", "vllm", "--base-url", "http://127.0.0.1:9", "--save-result", "r.json"];

test.each([
  ["out/ttft_bar_chart.svg", ["report", "--csv", "c.csv", "--output", "out"]],
  ["p.svg", ["replay", "--profile", profile, "--recording", "none", "--plot", "p.svg"]],
  ["r-r3.json", [...bench, "--num-runs", "3"]],
  ["mini.residuals.svg", ["calibrate", "onnx", "--model", "tiny", "--output", "mini.json"]],
  ["mini.measurements.csv", ["calibrate", "onnx", "--model", "tiny", "--output", "mini.json"]],
  ["v.json", ["calibrate", "vllm", "--from", "none", "--output", "v.json", "--resume"]],
  ["results/small-accuracy.md", ["validate", "v.yaml"]],
])("%s of others is rejected by %j", async (path, words) => {
  writeFileSync(join(folder, "c.csv"), csv);
  writeFileSync(join(folder, "v.yaml"), validation);
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), "somebody's");
  const before = readdirSync(folder, { recursive: true })
    .filter((name) => !String(name).startsWith("cache"))
    .sort();
  const { code, stderr } = await servesimIn(folder, words);
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(new RegExp(`${path.replace(/^out./, "out/")} (exists )?already`)),
  ]);
  expect(readFileSync(join(folder, path), "utf8")).toBe("somebody's");
  expect(
    readdirSync(folder, { recursive: true })
      .filter((name) => !String(name).startsWith("cache"))
      .sort(),
  ).toEqual(before);
});

test("--force replaces the charts of a CSV", async () => {
  writeFileSync(join(folder, "c.csv"), csv);
  writeFileSync(join(folder, "ttft_bar_chart.svg"), "somebody's");
  const { code } = await servesimIn(folder, ["report", "--csv", "c.csv", "--output", ".", "--force"]);
  expect(code).toBe(0);
  expect(readFileSync(join(folder, "ttft_bar_chart.svg"), "utf8")).toMatch(/^<svg/);
});
