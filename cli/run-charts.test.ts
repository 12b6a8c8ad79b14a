import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requireChartPlaces } from "./run-charts.js";
import { simulateCommand } from "./simulate.js";

let folder: string;
const write = process.stderr.write.bind(process.stderr);
const writeOut = process.stdout.write.bind(process.stdout);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-charts-"));
  process.stderr.write = () => true;
  process.stdout.write = () => true;
});

afterEach(() => {
  process.stderr.write = write;
  process.stdout.write = writeOut;
  rmSync(folder, { recursive: true, force: true });
});

const load = { "request-rate": "20", "num-prompts": "40", "dataset-name": "random" };

test("simulate --charts draws a run's latencies, what happened when, and its seeds", async () => {
  const charts = join(folder, "charts");
  await simulateCommand.run({
    ...load,
    policy: "vllm",
    profile: "h100-llama-3.1-8b-vllm-0.26",
    replications: "3",
    charts,
  });
  const names = ["batch_gantt", "latency_ccdf", "latency_cdf", "request_lanes", "seeds", "time_series"];
  expect(readdirSync(charts).sort()).toEqual(names.map((name) => `${name}.svg`));
  expect(readFileSync(join(charts, "latency_ccdf.svg"), "utf8")).toContain("inter-token latency");
  expect(readFileSync(join(charts, "seeds.svg"), "utf8")).toContain("n = 3 simulated runs of each cell");
});

test("dynamic's batches are drawn against the memory of the profile", async () => {
  const charts = join(folder, "charts");
  await simulateCommand.run({
    ...load,
    policy: "dynamic",
    profile: "mini-cpu-2core",
    replications: "1",
    charts,
    "random-input-len": "16",
    "random-output-len": "8",
  });
  expect(readdirSync(charts)).toContain("dynamic_batches.svg");
  expect(readFileSync(join(charts, "dynamic_batches.svg"), "utf8")).toContain("threshold 80 %");
  expect(() => {
    requireChartPlaces({ charts, png: false, force: false });
  }).toThrow("latency_cdf.svg exists already");
});

test("--png needs charts, and repeats have folders of their own", () => {
  expect(() => {
    requireChartPlaces({ charts: undefined, png: true, force: false });
  }).toThrow("--png writes charts as PNG, too: give --charts with it");
});
