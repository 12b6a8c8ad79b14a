/** Files of others stay: each command that writes one rejects before its work, and leaves what is there as it was. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { servesimIn } from "../../test/support/servesim-process.js";
import { requireAnswerPlaces } from "../answers/flags.js";
import { requireCreatable, requireFree } from "./places.js";
import { requireResultFiles } from "../runs/result-file.js";

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

describe("before the work, even with --force,", () => {
  const long = "n".repeat(300);
  beforeEach(() => {
    writeFileSync(join(folder, "file"), "");
    symlinkSync("nowhere", join(folder, "dangling"));
    symlinkSync("loop", join(folder, "loop"));
  });

  test.each([
    [".", /--output .*: it is a folder, expected a file/],
    ["new/", /--output .*new\/: names a folder, expected a file/],
    ["file/a.json", /cannot write .*file: a part of the path is a file, not a folder/],
    ["dangling/a.json", /cannot write .*dangling: .*dangling is a link that leads nowhere/],
    ["loop/a.json", /cannot write .*loop: .*loop is a link that leads nowhere/],
    [`${long}.json`, /^cannot write .{1,250}\.\.\.: the name is too long$/],
    [`${`${long}/`.repeat(20)}a.json`, /^cannot write .{1,250}\.\.\.: the name is too long$/],
    ["new\nfolder/", /^--output .*new folder\/: names/],
  ])("a file %j is rejected", (path, message) => {
    expect(() => {
      requireFree([`${folder}/${path}`], "--output", true);
    }).toThrow(message);
  });

  test("a device is rejected, and so is a folder that cannot be made", () => {
    expect(() => {
      requireFree(["/dev/null"], "--page", true);
    }).toThrow("--page /dev/null: it is a device or a pipe, expected a file");
    for (const path of ["file", "dangling", "loop", long, `${long}/${long}`]) {
      expect(() => {
        requireCreatable(join(folder, path));
      }).toThrow(/^cannot write /);
    }
    requireCreatable(join(folder, "new", "nested"));
  });

  test("each file of an answer is looked at, and the chart's PNG", () => {
    writeFileSync(join(folder, "a.png"), "somebody's");
    for (const name of ["output", "page", "chart"]) {
      expect(() => {
        requireAnswerPlaces({ [name]: folder, force: true });
      }).toThrow(`--${name} ${folder}: it is a folder`);
    }
    expect(() => {
      requireAnswerPlaces({ chart: join(folder, "a.svg"), png: true, force: false });
    }).toThrow(/a\.png exists already; choose another --chart/);
  });

  test("--result-dir is looked at as well", () => {
    for (const name of ["dangling", "file", long]) {
      expect(() => {
        requireResultFiles({ save_result: "", result_dir: join(folder, name) }, 1, true);
      }).toThrow(/^cannot write /);
    }
  });
});

test("sweep run replaces its own page, nobody else's", async () => {
  const sweep =
    "version: 1\nname: s\nprofiles: [mini-cpu-2core]\npolicies: [{ policy: naive }]\nloads: [{ num_prompts: 2 }]\n";
  writeFileSync(join(folder, "s.yaml"), `${sweep}replications: 1\n`);
  writeFileSync(join(folder, "notes.html"), "somebody's");
  const words = (page: string) => ["sweep", "run", "s.yaml", "--page", page];
  expect(await servesimIn(folder, words("notes.html"))).toMatchObject({
    code: 2,
    stderr: "error: notes.html exists already; choose another --page, or pass --force to replace it\n",
  });
  expect(readdirSync(folder).sort()).toEqual(["notes.html", "s.yaml"]);
  for (let time = 0; time < 2; time++) expect((await servesimIn(folder, words("page.html"))).code).toBe(0);
});
