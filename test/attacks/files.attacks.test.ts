/**
 * Files and folders made to do harm: each is an error in one line with exit code 2, ends in time and leaves nothing behind. Each
 * attack is a command in a folder of its own.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { servesimIn } from "../support/servesim-process.js";

const profile = resolve("examples/original-suite/profile.json");
const simulate = (...more: string[]): string[] => ["simulate", "--policy", "naive", "--output", "out", ...more];
const load = (file: string): string[] => simulate("--profile", profile, "--workload", file);
const run = ["run", "x.yaml", "--results", "results"];
const bombs = Array.from({ length: 30 }, (_, at) => `a${at + 1}: &a${at + 1} [*a${at}, *a${at}, *a${at}]`).join("\n");
const experiment = (more: string): string => `version: 1\nname: x\nprofile: ${profile}\nnum_runs: 0\n${more}\n`;
const cells = "policies: [{ policy: naive }]\nloads: [{ num_prompts: 2 }]";
const runJson = (requests: number): string =>
  JSON.stringify({
    version: 1,
    source: "sim",
    policy: "naive",
    engine: { name: "x" },
    model: { name: "m" },
    load: { kind: "workload" },
    requests,
  });

interface Attack {
  readonly what: string;
  /** Makes files in the folder; text under its name, or as it likes. */
  readonly files: Readonly<Record<string, string | Buffer>> | ((folder: string) => void);
  readonly words: readonly string[];
  readonly says: RegExp;
}

const attacks: readonly Attack[] = [
  {
    what: "/dev/zero as a profile",
    files: {},
    words: simulate("--profile", "/dev/zero"),
    says: /cannot read \/dev\/zero: it is a device, expected a file/,
  },
  {
    what: "a pipe that nobody writes to as a profile",
    files: (folder) => execFileSync("mkfifo", [join(folder, "pipe")]),
    words: simulate("--profile", "pipe"),
    says: /cannot read pipe: it is a pipe/,
  },
  {
    what: "a pipe as a workload",
    files: (folder) => execFileSync("mkfifo", [join(folder, "pipe")]),
    words: load("pipe"),
    says: /cannot read pipe: it is a pipe/,
  },
  ...["/dev/zero", "pipe", "."].map((path): Attack => ({
    what: `${path} as weights`,
    files: (folder) => execFileSync("mkfifo", [join(folder, "pipe")]),
    words: ["bench", "--policy", "naive", "--model", "tiny", "--weights", path],
    says: /cannot read (\/dev\/zero: it is a device, expected a file|pipe: it is a pipe, expected a file|\.: it is a folder)/,
  })),
  ...["/dev/zero", "/dev/null"].map((path): Attack => ({
    what: `a link to ${path} as an ONNX model`,
    files: (folder) => {
      symlinkSync(path, join(folder, "m.onnx"));
    },
    words: ["calibrate", "onnx", "--model", "m.onnx"],
    says: /cannot read m\.onnx: it is a device, expected a file/,
  })),
  {
    what: "a link to itself as an experiment",
    files: (folder) => {
      symlinkSync("x.yaml", join(folder, "x.yaml"));
    },
    words: run,
    says: /cannot read x\.yaml: its links lead in a circle/,
  },
  {
    what: "a gzip bomb as a workload",
    files: { "bomb.csv.gz": gzipSync(Buffer.alloc(2 ** 28)) },
    words: load("bomb.csv.gz"),
    says: /bomb\.csv\.gz: it unpacks to far more than the limit/,
  },
  {
    what: "a gzip bomb as the requests of a run",
    files: (folder) => {
      writeFileSync(join(folder, "run.json"), runJson(1));
      writeFileSync(join(folder, "requests.csv.gz"), gzipSync(Buffer.alloc(2 ** 27)));
    },
    words: ["compare", ".", "."],
    says: /requests\.csv\.gz:1: not CSV: a row of more than|requests\.csv\.gz: it unpacks/,
  },
  {
    what: "JSON nested 200,000 deep as a profile",
    files: { "deep.json": "[".repeat(200_000) + "]".repeat(200_000) },
    words: simulate("--profile", "deep.json"),
    says: /deep\.json is not JSON: nested more than 100 deep/,
  },
  {
    what: "JSON lines nested 200,000 deep as a workload",
    files: { "deep.jsonl": `{"timestamp": ${"[".repeat(200_000)}${"]".repeat(200_000)}}\n` },
    words: load("deep.jsonl"),
    says: /deep\.jsonl:1: not JSON: nested more than 100 deep/,
  },
  {
    what: "aliases of aliases in an experiment",
    files: { "x.yaml": `a0: &a0 [1]\n${bombs}\n` },
    words: run,
    says: /x\.yaml: excessive alias count/,
  },
  {
    what: "YAML nested 20,000 deep",
    files: { "x.yaml": "[".repeat(20_000) },
    words: run,
    says: /x\.yaml(:\d+)?: (nested too deep|not YAML)/,
  },
  {
    what: "a header of 200,000 columns",
    files: { "wide.csv": `${Array.from({ length: 200_000 }, (_, at) => `c${at}`).join(",")}\n` },
    words: load("wide.csv"),
    says: /wide\.csv:1: got columns c0, .* which fit no known format/,
  },
  {
    what: "a quote that 10 MB do not close",
    files: { "open.csv": `arrival_ms,prompt_tokens,output_tokens\n0,"${"x".repeat(1e7)}` },
    words: load("open.csv"),
    says: /open\.csv:2: not CSV: a quote is not closed/,
  },
  {
    what: "10 MB of quoted fields in one row",
    files: { "quotes.csv": `arrival_ms,prompt_tokens,output_tokens\n${'"a",'.repeat(2.5e6)}1\n` },
    words: load("quotes.csv"),
    says: /quotes\.csv:2: got 2500001 fields, expected 3/,
  },
  {
    what: "a name of 4,000 characters in a chart",
    files: {
      "c.csv": `scheduler_type,run_num,seq,latency,ttft,tokens_per_sec,output_tokens\n${"n".repeat(4000)},1,1,1,1,1,1\n`,
    },
    words: ["report", "--csv", "c.csv", "--output", "out"],
    says: /c\.csv:2: scheduler_type: got "n+\.\.\., expected string to have <=100 characters/,
  },
  {
    what: "a label that climbs out of --results",
    files: { "x.yaml": experiment(cells.replace("policy: naive", "policy: naive, label: ../../../up")) },
    words: run,
    says: /x\.yaml:\d+: policies\[0\]\.label: got "\.\.\/\.\.\/\.\.\/up"/,
  },
  {
    what: "a manifest whose cells climb out of the folder",
    files: (folder) => {
      const manifest = { version: 1, experiment: "x", servesim: "1", seed: "1", interrupted: false };
      const cell = { cell: "../../../../etc", policy: "naive", load: "l", repeats: 0 };
      writeFileSync(join(folder, "manifest.json"), JSON.stringify({ ...manifest, cells: [cell] }));
      writeFileSync(join(folder, "experiment.yaml"), experiment(cells));
    },
    words: ["report", "."],
    says: /manifest\.json: cells\[0\]\.cell: got "\.\.\/\.\.\/\.\.\/\.\.\/etc"/,
  },
  {
    what: "a lock that is none",
    files: (folder) => {
      mkdirSync(join(folder, "results", "x"), { recursive: true });
      writeFileSync(join(folder, "results", "x", ".lock"), "[".repeat(1e6));
      writeFileSync(join(folder, "x.yaml"), experiment(cells));
    },
    words: run,
    says: /\.lock is no lock of servesim's; remove it/,
  },
  {
    what: "a token count beyond what columns hold",
    files: (folder) => {
      writeFileSync(join(folder, "run.json"), runJson(1));
      const header = "request_id,arrival_ms,prompt_tokens,output_tokens,status";
      writeFileSync(join(folder, "requests.csv"), `${header}\n0,0,4294967297,1,ok\n`);
    },
    words: ["compare", ".", "."],
    says: /requests\.csv:2: prompt_tokens: got "4294967297", expected number to be <=2147483647/,
  },
];

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-attack-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test.each(attacks)("$what: exit code 2, one line, nothing left behind", async ({ files, words, says }) => {
  if (typeof files === "function") files(folder);
  else for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  const before = readdirSync(folder, { recursive: true }).sort();
  const { code, stdout, stderr } = await servesimIn(folder, words);
  expect(stderr).toMatch(says);
  expect({ code, stdout, lines: stderr.trimEnd().split("\n").length }).toEqual({ code: 2, stdout: "", lines: 1 });
  expect(readdirSync(folder, { recursive: true }).sort()).toEqual(before);
});
