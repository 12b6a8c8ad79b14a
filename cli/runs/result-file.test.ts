/** Labels, metadata and result files by vLLM bench's flags. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isResultKey, type RequestRecord, type Run, runSchema } from "../../formats/index.js";
import { columnsOf, summarise } from "../../sim/index.js";
import { keepResult, metadataOf, requireResultFiles, resultFlags, type ResultFlags, tagged } from "./result-file.js";
import { parseFlags } from "../flags/flags.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-result-"));
});
afterEach(() => {
  process.stderr.write = write;
  rmSync(folder, { recursive: true });
});

const write = process.stderr.write.bind(process.stderr);
const date = new Date(2026, 10, 26, 22, 5, 9);

function runOf(load: object): Run {
  const record: RequestRecord = { requestId: "0", arrivalNs: 0, sentNs: 0, scheduledNs: 0, firstTokenNs: 2e6, lastTokenNs: 9e6, promptTokens: 3, outputTokens: 8, status: "ok" }; // prettier-ignore
  const summary = summarise(columnsOf([record]));
  const info = runSchema.parse({
    ...{ version: 1, source: "sim", policy: "vllm", engine: { name: "vllm" }, model: { name: "org/My model" } },
    ...{ load: { kind: "gamma", burstiness: 1, ...load }, requests: 1, summary },
  });
  return { info, requests: [record], batches: [] };
}

/** What was written, by the name of the file. */
function kept(flags: Partial<ResultFlags>, load: object, { at = 0, force = false } = {}): Record<string, unknown> {
  const said: string[] = [];
  process.stderr.write = (text) => said.push(String(text)) > 0;
  keepResult(runOf(load), { save_result: "", result_dir: folder, ...flags, force }, { date, at }); // prettier-ignore
  const [, path] = /written to (.*)\n/.exec(said.join("")) ?? [];
  return path === undefined
    ? {}
    : { [path.slice(folder.length + 1)]: JSON.parse(readFileSync(path, "utf8")) as unknown };
}

test.each([
  [{}, { request_rate: 8, max_concurrency: 4 }, "servesim-8.0qps-concurrency4-My_model-20261126-220509.json"],
  [{}, { request_rate: 0.5 }, "servesim-0.5qps-My_model-20261126-220509.json"],
  [{ label: "mine" }, {}, "mine-infqps-My_model-20261126-220509.json"],
  [
    {},
    { ramp_up_strategy: "linear", ramp_up_start_rps: 1, ramp_up_end_rps: 9 },
    "servesim-ramp-up-linear-1qps-9qps-My_model-20261126-220509.json",
  ],
  [{ result_filename: "r.json" }, {}, "r.json"],
  [{ save_result: "sub/r.json" }, {}, "sub/r.json"],
])("%j under %j is %s, as vLLM bench names it", (flags, load, name) => {
  expect(Object.keys(kept(flags, load))).toEqual([name]);
});

test("repeats and runs of the same second have files of their own", () => {
  expect(Object.keys(kept({ result_filename: "r.json" }, {}, { at: 1 }))).toEqual(["r-r2.json"]);
  const [first] = Object.keys(kept({}, {}));
  const [second] = Object.keys(kept({}, {}));
  expect(second).toBe(first!.replace(".json", "-2.json"));
  expect(Object.keys(kept({}, {}, { force: true }))).toEqual([first]);
});

test("the result of a simulation has vLLM bench's keys, the label and the metadata, and says that it is one", () => {
  const flags = { label: "a", metadata: ["gpu=H100", " tp = 2=two "], result_filename: "r.json" };
  const { "r.json": result } = kept(flags, { request_rate: 8 }) as { "r.json": Record<string, unknown> };
  expect(result).toMatchObject({
    ...{ date: "20261126-220509", backend: "servesim", label: "a", model_id: "org/My model", num_prompts: 1 },
    ...{ gpu: "H100", tp: "2=two", request_rate: 8, burstiness: 1, max_concurrency: null, source: "sim" },
    ...{ completed: 1, failed: 0, total_input_tokens: 3, total_output_tokens: 8, mean_ttft_ms: 2, mean_tpot_ms: 1 },
  });
  for (const key of Object.keys(result))
    expect([key, isResultKey(key) || ["gpu", "tp"].includes(key)]).toEqual([key, true]);
  expect(tagged(runOf({}), flags).info).toMatchObject({ label: "a", metadata: { gpu: "H100", tp: "2=two" } });
  expect(tagged(runOf({}), {}).info).not.toHaveProperty("metadata");
});

test("nothing is written without --save-result", () => {
  expect(kept({ save_result: undefined }, {})).toEqual({});
  expect(kept({ save_result: false }, {})).toEqual({});
});

test.each<[Partial<ResultFlags>, RegExp]>([
  [{ result_dir: "d" }, /--result-dir is about the file of --save-result, give that too/],
  [{ result_filename: "f" }, /--result-filename is about the file of --save-result, give that too/],
  [{ save_result: "a", result_filename: "b" }, /--save-result and --result-filename both name the file, give one/],
  [{ metadata: ["completed=7"] }, /--metadata completed: results have this key themselves, choose another/],
  [{ metadata: ["p99_ttft_ms=7"] }, /--metadata p99_ttft_ms: results have this key themselves/],
  [{ metadata: ["a=1", "a=2"] }, /--metadata a: got it twice, expected each key once/],
])("%j is rejected before the run", (flags, message) => {
  expect(() => {
    requireResultFiles(flags, 1, false);
  }).toThrow(message);
});

test("a file that is there is not replaced without --force", () => {
  writeFileSync(join(folder, "r-r2.json"), "");
  const flags = { save_result: "", result_dir: folder, result_filename: "r.json" };
  expect(() => {
    requireResultFiles(flags, 2, false);
  }).toThrow(/r-r2.json exists already; choose another --save-result/);
  requireResultFiles(flags, 2, true);
  requireResultFiles({ ...flags, result_dir: join(folder, "new") }, 2, false);
  expect(existsSync(join(folder, "new"))).toBe(false);
});

test.each([[["a"]], [["=a"]], [[" =a"]]])("--metadata %j is not KEY=VALUE", (metadata) => {
  expect(() => parseFlags(resultFlags, { metadata })).toThrow(/--metadata: .*expected KEY=VALUE/);
});

test("a value may be empty or hold an equals sign", () => {
  expect(metadataOf({ metadata: ["a=", "b=c=d"] })).toEqual({ a: "", b: "c=d" });
});
