/** The version of the vLLM server that is simulated, on the command line: rules, options that came later, what is assumed. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Ended, servesimIn } from "../../../test/support/servesim-process.js";

const ofServer = resolve("profiles/h100-llama-3.1-8b-vllm-0.26.json");
const onnx = resolve("profiles/mini-cpu-2core.json");

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-version-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const simulate = (profile: string, ...words: string[]): Promise<Ended> =>
  servesimIn(folder, ["simulate", "--policy", "vllm", "--profile", profile, "--num-prompts", "4", "--json", ...words]);

interface Told {
  readonly policy_settings: Readonly<Record<string, unknown>>;
  readonly notes: readonly string[];
  readonly completed: number;
  readonly failed: number;
}

async function told(profile: string, ...words: string[]): Promise<Told> {
  const { stdout, stderr } = await simulate(profile, ...words);
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as Told;
}

/** The shipped profile of 0.26 as one of another version. */
function versioned(version: string): string {
  const profile = JSON.parse(readFileSync(ofServer, "utf8")) as { engine: { version: string } };
  profile.engine.version = version;
  const path = join(folder, `${version}.json`);
  writeFileSync(path, JSON.stringify(profile));
  return path;
}

test("the version is the user's, else the profile's, else the newest that is known, and the result says which", async () => {
  expect((await told(ofServer)).policy_settings).toMatchObject({ vllm_version: "0.26.0" });
  expect((await told(ofServer, "--vllm-version", "0.31")).policy_settings).toMatchObject({ vllm_version: "0.31" });
  expect((await told(onnx)).policy_settings).toMatchObject({ vllm_version: "0.32.0" });
});

test("a version that is no known release goes by the nearest, which a note tells", async () => {
  const versionNotes = async (profile: string, ...words: string[]): Promise<string[]> =>
    (await told(profile, ...words)).notes.filter((note) => note.startsWith("version: "));
  expect(await versionNotes(ofServer)).toEqual([]);
  expect(await versionNotes(versioned("unknown"))).toEqual([
    'version: vLLM version "unknown" is not a release: the rules of 0.32 are assumed',
  ]);
  expect(await versionNotes(versioned("0.18.0"))).toEqual([
    "version: vLLM 0.18.0 is older than 0.19, whose rules are assumed",
  ]);
  expect(await versionNotes(versioned("0.19.0"))).toEqual([]);
  expect(await versionNotes(ofServer, "--vllm-version", "0.40.0")).toEqual([
    "version: vLLM 0.40.0 is newer than 0.32, whose rules are assumed",
  ]);
});

test.each([
  [
    ["--max-num-active-seqs", "8"],
    /max_num_active_seqs: vLLM 0\.26\.0 has no such setting, it came with 0\.31\.0; leave it out, or give a vllm_version from 0\.31\.0 on/,
  ],
  [["--max-num-queued-reqs", "8"], /max_num_queued_reqs: vLLM 0\.26\.0 .* came with 0\.29\.0/],
  [
    ["--no-long-prefill-token-threshold-adaptive"],
    /long_prefill_token_threshold_adaptive: vLLM 0\.26\.0 .* came with 0\.31\.0/,
  ],
  [
    ["--vllm-version", "0.23", "--watermark", "0.01"],
    /watermark: vLLM 0\.23 has no such setting, it came with 0\.24\.0/,
  ],
  [["--vllm-version", "newest"], /--vllm-version: .*expected a version of vLLM, such as 0\.32 or 0\.28\.1/],
  [
    ["--vllm-version", "0.32", "--max-num-active-seqs", "200"],
    /max_num_active_seqs: got 200, expected at most max_num_seqs, which is 128/,
  ],
  [
    ["--prefix-cache-retention-interval", "2"],
    /--prefix-cache-retention-interval is a setting of vllm that is not modelled/,
  ],
])("simulate rejects %j", async (words, message) => {
  const { code, stdout, stderr } = await simulate(ofServer, ...words);
  expect(stderr).toMatch(message);
  expect([code, stdout]).toEqual([2, ""]);
});

test("a queue limit of a newer server rejects requests, each with its reason", async () => {
  const limited = ["--vllm-version", "0.32", "--max-num-queued-reqs", "3"];
  expect(await told(ofServer, ...limited)).toMatchObject({ completed: 3, failed: 1 });
  const { stderr } = await servesimIn(folder, [
    ...["simulate", "--policy", "vllm", "--profile", ofServer, "--num-prompts", "4", "--output", "limited"],
    ...limited,
  ]);
  expect(stderr).not.toMatch(/^error/m);
  expect(readFileSync(join(folder, "limited", "requests.csv"), "utf8")).toContain(
    "HTTP 503: 3 requests are unfinished, max_num_queued_reqs is 3",
  );
});

test.each([
  ["capacity", "--slo", "mean_e2el:2000"],
  ["whatif", "--request-rate", "5", "--change", "max_num_seqs=64"],
  ["explain", "--request-rate", "5"],
])("%s says what is assumed of a version that is not known", async (...command) => {
  const load = ["--dataset-name", "fixed", "--input-len", "64", "--output-len", "4", "--num-prompts", "100"];
  const asked = ["--policy", "vllm", "--profile", ofServer, "--vllm-version", "0.40", "--replications", "3", "--json"];
  const { stdout, stderr } = await servesimIn(folder, [...command, ...load, ...asked]);
  if (stdout === "") throw new Error(stderr);
  const { notes } = JSON.parse(stdout) as Told;
  expect(notes).toContain("version: vLLM 0.40 is newer than 0.32, whose rules are assumed");
});
