/** Node's entry: profiles by name, files, repeats; the same run as the command line makes. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { servesimIn } from "../test/support/servesim-process.js";
import { ConfigError, loadProfile, profileNames, readRun, simulate, writeRun, type SimulateOptions } from "./index.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-lib-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const server = "h100-llama-3.1-8b-vllm-0.26";
const random = { dataset_name: "random", random_input_len: 100, random_output_len: 30 } as const;

test.each<[what: string, options: SimulateOptions, flags: string]>([
  [
    "vllm on a server's profile, whose times vary",
    {
      policy: "vllm",
      settings: { max_num_seqs: 8 },
      profile: server,
      load: { ...random, request_rate: 20, num_prompts: 60 },
      seed: 7,
    },
    `--policy vllm --max-num-seqs 8 --profile ${server} --dataset-name random --random-input-len 100 --random-output-len 30 --request-rate 20 --num-prompts 60 --seed 7`,
  ],
  [
    "naive with the prompts that ship",
    { policy: "naive", profile: "mini-cpu-2core", load: { request_rate: 20 } },
    "--policy naive --profile mini-cpu-2core --request-rate 20",
  ],
])("a run is that of the command line: %s", async (_, options, flags) => {
  const run = await simulate(options);
  await writeRun(join(folder, "library"), run);
  const words = ["simulate", ...flags.split(" "), "--replications", "1", "--output", "command-line"];
  expect(await servesimIn(folder, words)).toMatchObject({ code: 0 });
  const file = (name: string, of: string): string => readFileSync(join(folder, name, of), "utf8");
  expect(file("library", "requests.csv")).toBe(file("command-line", "requests.csv"));
  const commandLine = await readRun(join(folder, "command-line"));
  expect(run.summary).toEqual(commandLine.info.summary);
});

test("a profile is taken as its name, its path or itself", async () => {
  const options = { policy: "orca", load: { ...random, request_rate: 20, num_prompts: 30 } };
  const path = join(folder, "profile.json");
  const profile = loadProfile(server);
  writeFileSync(path, JSON.stringify(profile));
  const runs = await Promise.all([server, path, profile].map((given) => simulate({ ...options, profile: given })));
  for (const run of runs) expect(run.summary).toEqual(runs[0]!.summary);
  expect(profileNames()).toContain(server);
  await expect(simulate({ ...options, profile: "h100" })).rejects.toThrow(/no profile "h100"/);
});

test("replications give means with intervals", async () => {
  const load = { ...random, request_rate: 20, num_prompts: 40 };
  const { info, summary } = await simulate({ policy: "vllm", profile: server, load, replications: 3 });
  const { mean_e2el_ms: interval } = info.intervals as Record<string, { low: number; high: number }>;
  expect(summary.mean_e2el_ms).toBeGreaterThan(interval!.low);
  expect(summary.mean_e2el_ms).toBeLessThan(interval!.high);
  const none = simulate({ policy: "vllm", profile: server, load, replications: 0 });
  await expect(none).rejects.toThrow(ConfigError);
  await expect(none).rejects.toThrow(/simulate: replications: got 0/);
});

test("lengths of answers are limited, and drawn from a file, as the load says; sessions are sent", async () => {
  const path = join(folder, "lengths.csv");
  writeFileSync(path, "output_tokens\n3\n");
  const tokens = async (load: SimulateOptions["load"]): Promise<number> => {
    const { summary } = await simulate({ policy: "vllm", profile: server, load });
    return summary.total_output_tokens;
  };
  const load = { ...random, request_rate: 20, num_prompts: 10 };
  expect(await tokens({ ...load, output_max_tokens: 7 })).toBe(70);
  expect(await tokens({ ...load, output_len_from: path })).toBe(30);
  const sessions = { dataset_name: "sessions", max_sessions: 1, num_sessions: 2, sessions_turns: 3 } as const;
  expect(await tokens({ ...sessions, sessions_output_len: 10, sessions_think_s: 0 })).toBe(60);
});

test.each<[what: string, options: unknown, message: RegExp]>([
  ["no options", undefined, /^simulate: got undefined, expected an object of options$/],
  ["null", null, /^simulate: got null, expected an object/],
  ["a list", [], /^simulate: got a list, expected an object of options$/],
  ["no profile", { policy: "vllm", load: random }, /^simulate: profile: expected a profile, as loadProfile/],
  [
    "an object that is no profile",
    { policy: "vllm", profile: {}, load: random },
    /^simulate: profile: expected a profile/,
  ],
  ["a profile without a name", { policy: "vllm", profile: "", load: random }, /^no profile "" \(known: /],
  ["a number that is no JSON", { policy: "vllm", settings: { max_num_seqs: 8n }, profile: server, load: random }, /max_num_seqs: got bigint, expected number/], // prettier-ignore
])("%s: a ConfigError", async (_, options, message) => {
  const run = simulate(options as SimulateOptions);
  await expect(run).rejects.toThrow(ConfigError);
  await expect(run).rejects.toThrow(message);
});

test("a trace is read from its file", async () => {
  const path = join(folder, "trace.csv");
  writeFileSync(path, "arrival_ms,prompt_tokens,output_tokens\n0,5,3\n250,8,2\n");
  const { requests } = await simulate({ policy: "naive", profile: "mini-cpu-2core", load: { workload: path } });
  expect(requests.map(({ arrivalNs, promptTokens }) => [arrivalNs, promptTokens])).toEqual([
    [0, 5],
    [250_000_000, 8],
  ]);
});
