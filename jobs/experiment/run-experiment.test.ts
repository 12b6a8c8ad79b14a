import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Reporter } from "../inputs/reporter.js";
import { experimentFolder } from "./folder.js";
import { reportInput } from "./report/report-input.js";
import { readResults } from "./results.js";
import { runExperiment } from "./run-experiment.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-experiment-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A reporter that keeps its notes. */
function buildReporter(): Reporter & { readonly notes: string[] } {
  const notes: string[] = [];
  const ignore = (): void => undefined;
  return { notes, note: (line) => notes.push(line), warn: ignore, progress: () => ({ update: ignore, stop: ignore }) };
}

const simulatedOnly = (batchSize: number, loads = "closed"): string => `version: 1
name: small
profile: ${resolve("examples/original-suite/profile.json")}
num_runs: 0
policies: [{ policy: naive, batch_size: ${batchSize} }]
loads: [${loads
  .split(",")
  .map((label) => `{ label: ${label}, num_prompts: 6, max_concurrency: 2 }`)
  .join(", ")}]
`;

async function run(text: string, force = false): Promise<string[]> {
  const path = join(folder, "small.yaml");
  writeFileSync(path, text);
  const reporter = buildReporter();
  await runExperiment(path, { results: folder, force, signal: new AbortController().signal, reporter });
  return reporter.notes;
}

/** Every file of the results with its text. */
function contents(): Record<string, string> {
  const root = join(folder, "small");
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map(({ parentPath, name }) => [join(parentPath, name), readFileSync(join(parentPath, name), "utf8")]),
  );
}

test("a second run keeps every cell and changes no file", async () => {
  expect(await run(simulatedOnly(2))).toEqual(["simulated 1 of 1 cells, 0 existed already"]);
  const before = contents();
  expect(await run(simulatedOnly(2))).toEqual(["simulated 0 of 1 cells, 1 existed already"]);
  expect(contents()).toEqual(before);
});

test("the report of a load with classes has the figures of each", async () => {
  const classes = 'classes: "fast:share=1,output_len=3;slow:share=1"';
  await run(simulatedOnly(2).replace("num_prompts: 6", `num_prompts: 40, ${classes}`));
  const results = await readResults(experimentFolder(join(folder, "small")));
  const { outcome } = reportInput(results, { charts: new Map(), colourOf: () => "#000" });
  const [fast] = outcome.filter(({ metric }) => metric === "tpot@fast");
  const { summary } = results.cells[0]!.sim.info;
  expect(fast).toMatchObject({
    stat: "mean",
    unit: "ms",
    n: summary!["completed@fast"],
    sim: summary!["mean_tpot_ms@fast"],
  });
  const names = new Set(outcome.flatMap(({ metric }) => (metric.includes("@") ? [metric] : [])));
  expect([...names].sort()).toEqual(["e2el@fast", "e2el@slow", "tpot@fast", "tpot@slow", "ttft@fast", "ttft@slow"]);
});

test("a load that is added is simulated, the others are kept", async () => {
  await run(simulatedOnly(2));
  expect(await run(simulatedOnly(2, "closed,more"))).toEqual(["simulated 1 of 2 cells, 1 existed already"]);
});

test("a changed setting is rejected, and the rejection changes no file", async () => {
  await run(simulatedOnly(2));
  const before = contents();
  await expect(run(simulatedOnly(3))).rejects.toThrow(/naive--closed\/sim was made from other inputs .*--force/);
  expect(contents()).toEqual(before);
});

test("with force a changed setting replaces the cell", async () => {
  await run(simulatedOnly(2));
  const before = contents();
  expect(await run(simulatedOnly(3), true)).toEqual(["simulated 1 of 1 cells, 0 existed already"]);
  const after = contents();
  expect(Object.keys(after)).toEqual(Object.keys(before));
  expect(after).not.toEqual(before);
});

test("real runs of a profile that cannot run here, or with a cold start, are rejected before anything is written", async () => {
  const real = simulatedOnly(2).replace("num_runs: 0", "num_runs: 1");
  await expect(run(real)).rejects.toThrow(/cannot run here; set num_runs: 0/);
  await expect(run(`${real}cold_start: true\n`)).rejects.toThrow(/cold_start applies to simulations/);
  expect(contents()).toEqual({});
});

test("a tolerance that names no statistic is rejected before anything is written", async () => {
  await expect(run(`${simulatedOnly(2)}tolerances: ["e2e.mean=5%"]\n`)).rejects.toThrow(/did you mean "e2el\.mean"/);
  expect(existsSync(join(folder, "small"))).toBe(false);
});

test("files of others in a folder of that name are not replaced, nor is the experiment itself", async () => {
  const root = join(folder, "small");
  mkdirSync(root);
  writeFileSync(join(root, "report.html"), "mine");
  await expect(run(simulatedOnly(2))).rejects.toThrow(
    /report\.html would be replaced, and .*small is no experiment's folder/,
  );
  expect(readdirSync(root)).toEqual(["report.html"]);
  rmSync(join(root, "report.html"));
  const path = join(root, "experiment.yaml");
  writeFileSync(path, simulatedOnly(2));
  const options = { results: folder, force: true, signal: new AbortController().signal, reporter: buildReporter() };
  await expect(runExperiment(path, options)).rejects.toThrow(
    /experiment\.yaml would be replaced by the experiment with/,
  );
  expect(readFileSync(path, "utf8")).toBe(simulatedOnly(2));
});

test("what a killed run left half-written is removed by the next", async () => {
  await run(simulatedOnly(2));
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  const host = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
  const left = join(folder, "small", `.profile.json.${host}-${pid}-00000000.tmp`);
  writeFileSync(left, "{");
  await run(simulatedOnly(2));
  expect(existsSync(left)).toBe(false);
});
