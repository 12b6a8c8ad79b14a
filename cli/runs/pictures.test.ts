import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { repeatFile } from "./places.js";
import { requirePicturePlaces } from "./pictures.js";
import { command as simulateCommand } from "../commands/simulate.js";

let folder: string;
const writes = { out: process.stdout.write.bind(process.stdout), err: process.stderr.write.bind(process.stderr) };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-pictures-"));
});

afterEach(() => {
  process.stdout.write = writes.out;
  process.stderr.write = writes.err;
  rmSync(folder, { recursive: true, force: true });
});

/** What `servesim simulate` says with these flags. */
async function simulated(flags: Record<string, unknown>): Promise<{ readonly out: string; readonly err: string }> {
  const said = { out: "", err: "" };
  const keep = (to: "out" | "err") => (text: unknown) => {
    said[to] += String(text);
    return true;
  };
  process.stdout.write = keep("out");
  process.stderr.write = keep("err");
  await simulateCommand.run({
    "request-rate": "10",
    "num-prompts": "20",
    "dataset-name": "random",
    replications: "1",
    ...flags,
  });
  return said;
}

test.each([
  ["vllm", "h100-llama-3.1-8b-vllm-0.26", "step"],
  ["naive", "mini-cpu-2core", "batch"],
])("simulate --trace of %s writes what Perfetto opens, and prints the same run", async (policy, profile, cat) => {
  const trace = join(folder, "t.json.gz");
  const flags = { policy, profile, "random-input-len": "50", "random-output-len": "20" };
  const { out, err } = await simulated({ ...flags, trace });
  expect(err).toContain(`trace written to ${trace}; ui.perfetto.dev opens it\n`);
  expect((await simulated(flags)).out).toBe(out);
  const { traceEvents, otherData } = JSON.parse(gunzipSync(readFileSync(trace)).toString()) as {
    traceEvents: { ph: string; cat?: string; name: string }[];
    otherData: Record<string, unknown>;
  };
  expect(otherData).toMatchObject({ source: "sim", policy, seed: "1", requests: 20 });
  expect(traceEvents.filter(({ ph, name }) => ph === "b" && name.startsWith("request "))).toHaveLength(20);
  expect(traceEvents.some((event) => event.ph === "X" && event.cat === cat)).toBe(true);
});

test("a file that is there is replaced only with --force, of any repeat, and the name says what it is", async () => {
  const trace = join(folder, "t.json");
  writeFileSync(repeatFile(trace, 1), "");
  requirePicturePlaces({ trace, force: false });
  requirePicturePlaces({ trace, force: true }, 2);
  expect(() => {
    requirePicturePlaces({ trace, force: false }, 2);
  }).toThrow(`${join(folder, "t-r2.json")} exists already; choose another --trace, or pass --force to replace it`);
  await expect(simulated({ policy: "naive", profile: "mini-cpu-2core", trace: "t.csv" })).rejects.toThrow(
    'command line: --trace: got "t.csv", expected a file that ends in .json or .json.gz',
  );
});

test("simulate --charts draws a run's latencies, what happened when, and its seeds", async () => {
  const charts = join(folder, "charts");
  await simulated({
    "num-prompts": "40",
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
  await simulated({
    policy: "dynamic",
    profile: "mini-cpu-2core",
    charts,
    "random-input-len": "16",
    "random-output-len": "8",
  });
  expect(readdirSync(charts)).toContain("dynamic_batches.svg");
  expect(readFileSync(join(charts, "dynamic_batches.svg"), "utf8")).toContain("threshold 80 %");
  expect(() => {
    requirePicturePlaces({ charts, png: false, force: false });
  }).toThrow("latency_cdf.svg exists already");
});

test("--png needs charts, and repeats have folders of their own", () => {
  expect(() => {
    requirePicturePlaces({ charts: undefined, png: true, force: false });
  }).toThrow("--png writes charts as PNG, too: give --charts with it");
});
