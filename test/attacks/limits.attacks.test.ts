/**
 * Sizes and numbers that nobody means: every flag and setting with 0, -1, 1e308, NaN, Infinity, nothing and long text
 * ends in a value that can be computed with, or in one short error. What once hung, ran out of memory or ended as a bug of
 * ours is run as a user would, with a minute of processor time at most.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { allBenchFlags } from "../../cli/commands/bench/flags.js";
import { flagName, parseFlags, type Shape } from "../../cli/flags/flags.js";
import { loadFlags, traceFlags } from "../../cli/flags/load.js";
import { policyShape } from "../../cli/flags/policy.js";
import { vllmFlags } from "../../cli/flags/vllm.js";
import { check, ConfigError, experimentSchema, loadSchema, loadShape } from "../../formats/index.js";
import { chartRunsOf, renderAllCharts, type ChartRow } from "../../report/charts/index.js";
import { servesimIn } from "../support/servesim-process.js";

const long = "A".repeat(1_000_000);
const odd = ["0", "-1", "1e308", "1e-300", "-0", "9007199254740991", "1e400", "NaN", "Infinity", "", " ", long];
const shapes: Readonly<Record<string, Shape>> = {
  load: loadFlags,
  trace: traceFlags,
  bench: allBenchFlags,
  vllm: vllmFlags,
  policies: policyShape(),
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-limits-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** What parsing ends in: the value, or the error's message. */
function outcome(parse: () => unknown): { readonly value?: unknown; readonly error?: string } {
  try {
    return { value: parse() };
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return { error: (error as Error).message };
  }
}

describe.each(Object.entries(shapes))("flags of %s", (_, shape) => {
  test("take odd values as numbers that can be computed with, or reject them in a few words that name the flag", () => {
    for (const [key, schema] of Object.entries(shape)) {
      for (const text of odd) {
        const { value, error } = outcome(() => parseFlags({ [key]: schema }, { [flagName(key)]: text })[key]);
        if (error === undefined) {
          for (const number of [value].flat()) if (typeof number === "number") expect(number).not.toBeNaN();
          continue;
        }
        expect(error).toContain(`--${flagName(key)}`);
        expect(error.length).toBeLessThan(600);
      }
    }
  });
});

test.each([
  ["output_len", 10_000_001],
  ["max_concurrency", 10_000_001],
  ["think_time_s", 1_000_001],
  ["num_prompts", 10_000_001],
  ["input_len", 10_000_001],
  ["utilisation", 11],
])("%s has a maximum, which the error tells", (key, tooMuch) => {
  const schema = loadShape[key as keyof typeof loadShape];
  for (const value of [tooMuch, Number.MAX_SAFE_INTEGER, 1e308, Infinity, NaN]) {
    expect(schema.safeParse(value).success).toBe(false);
  }
  expect(schema.safeParse(tooMuch).error!.issues[0]!.message).toMatch(/<=\d+$/);
});

test.each([
  ["vllm", "max_tokens"],
  ["vllm", "max_connections"],
  ["vllm", "vocab_size"],
  ["vllm", "num_warmups"],
  ["vllm", "stall_timeout_s"],
  ["vllm", "metrics_interval_s"],
  ["bench", "total_memory_mib"],
  ["bench", "num_runs"],
  ["bench", "temperature"],
])("%s: %s has a maximum", (name, key) => {
  expect(shapes[name]![key]!.safeParse(Number.MAX_SAFE_INTEGER).success).toBe(false);
});

test("readings of a server are never asked for without a pause", () => {
  expect(vllmFlags.metrics_interval_s.safeParse(1e-300).success).toBe(false);
  expect(vllmFlags.metrics_interval_s.parse(0)).toBe(0);
});

describe("an experiment", () => {
  const source = { source: "e.yaml" };
  const base = { version: 1, name: "e", profile: "p.json" };
  const many = (count: number, key: string, text: string) =>
    Array.from({ length: count }, (_, at) => ({ [key]: text, label: `l${at}` }));

  test("of a million cells is rejected before any is made", () => {
    const policies = many(1000, "policy", "naive");
    const loads = many(1000, "arrivals", "gamma");
    expect(() => check(experimentSchema, { ...base, policies, loads }, source)).toThrow(/at most 10000 cells/);
    expect(check(experimentSchema, { ...base, policies, loads: loads.slice(0, 10) }, source).policies).toHaveLength(
      1000,
    );
  });

  test.each([
    ["a name", { name: long, policies: [{ policy: "naive" }], loads: [{}] }],
    ["a label of a policy", { policies: [{ policy: "naive", label: long }], loads: [{}] }],
    ["a label of a load", { policies: [{ policy: "naive" }], loads: [{ label: long }] }],
    ["a budget", { calibrate: { budget_s: "9".repeat(400) }, policies: [{ policy: "naive" }], loads: [{}] }],
    ["priorities", { policies: [{ policy: "naive" }], loads: [{ priorities: `0:${"1".repeat(1_000_000)}x` }] }],
  ])("with %s of a million characters, or without an end, is rejected in a few words", (_, change) => {
    const { error } = outcome(() => check(experimentSchema, { ...base, ...change }, source));
    expect(error!.length).toBeLessThan(300);
  });
});

test("priorities are checked in one pass and drawn without going through all of them", () => {
  const shares = Array.from({ length: 1000 }, (_, at) => `${at}:1`).join(",");
  expect(loadSchema.parse({ priorities: shares }).priorities).toBe(shares);
  for (const text of [`0:${"1".repeat(9_000)}x`, `${"0:1,".repeat(2000)}x`, `0:${"1.".repeat(4000)}`]) {
    expect(loadSchema.safeParse({ priorities: text }).success).toBe(false);
  }
});

test("charts cut names of thousands of characters in the middle and keep two of them apart", () => {
  const names = [`${"n".repeat(4000)}-one`, `${"n".repeat(4000)}-two`, `${"n".repeat(2000)}x${"n".repeat(1999)}-one`];
  const rows = names.flatMap((scheduler) =>
    Array.from({ length: 30 }, (_, seq): ChartRow => {
      const s = 0.1 + seq / 100;
      return {
        scheduler,
        load: `load ${long.slice(0, 4000)}`,
        seq,
        source: "real",
        latencyS: s,
        ttftS: s / 2,
        tokensPerS: 9,
      };
    }),
  );
  const charts = [...renderAllCharts(chartRunsOf(rows)).charts];
  expect(charts.length).toBeGreaterThan(3);
  for (const [, svg] of charts) {
    expect(svg.length).toBeLessThan(300_000);
    expect(svg).not.toMatch(/n{200}|A{200}/);
    for (const end of ["-one", "-two", "-one (2)"]) expect(svg).toContain(`${end}</title>`.slice(0, end.length));
  }
});

describe("servesim ends within a minute of processor time, and not as a bug, with", () => {
  const batches = ["--policy", "naive", "--profile", resolve("profiles/mini-cpu-2core.json")];
  const server = ["--policy", "vllm", "--profile", resolve("profiles/h100-llama-3.1-8b-vllm-0.26.json")];
  const fixed = ["--dataset-name", "fixed", "--input-len", "10"];
  const pauses = ["--max-concurrency", "1", "--think-time", "1000000", "--num-prompts", "10000"];

  test.each<[string, string[], RegExp]>([
    ["pauses of 300 years, in batches", [...batches, ...pauses], /^error: think_time_s is 1000000, .*beyond 104 days/m],
    ["pauses of 300 years, in steps", [...server, ...fixed, ...pauses], /^error: think_time_s is 1000000, /m],
    ["outputs without an end", [...server, ...fixed, "--output-len", "9007199254740991"], /--output-len: .*<=10000000/],
    ["a policy's name of 100 KB", ["--policy", long.slice(0, 1e5), "--profile", "p.json"], /^error: .{1,400}$/m],
    ["a profile's name of 100 KB", ["--policy", "naive", "--profile", long.slice(0, 1e5)], /^error: /m],
  ])("%s", async (_, words, message) => {
    const { code, stderr } = await servesimIn(folder, ["simulate", ...words], "ulimit -t 60");
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  test("a trace whose requests have 2^53 tokens", async () => {
    for (const [name, text] of [
      ["own.csv", "arrival_ms,prompt_tokens,output_tokens\n0,5,9007199254740991\n"],
      ["azure.csv", "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,9007199254740991,10\n"],
    ] as const) {
      writeFileSync(join(folder, name), text);
      const words = ["simulate", ...server, "--workload", join(folder, name)];
      const { code, stderr } = await servesimIn(folder, words, "ulimit -t 60");
      expect(stderr).toMatch(/10000000/);
      expect(code).toBe(2);
    }
  });
});
