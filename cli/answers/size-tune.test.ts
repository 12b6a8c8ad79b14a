/** `servesim size` and `servesim tune` as users meet them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Answer, answerSchema } from "../../formats/index.js";
import { servesimIn } from "../../test/support/servesim-process.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-size-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const load = ["--profile", "mini-cpu-2core", "--dataset-name", "fixed", "--input-len", "20", "--output-len", "10", "--num-prompts", "500"]; // prettier-ignore
const naive = ["--policy", "naive", "--timeout", "0.05", ...load];

test("size prints its answer as JSON by the published schema, keeps it, draws it, and ends with 4 where the goal is missed", async () => {
  const words = ["size", ...naive, "--request-rate", "300", "--slo", "p90_e2el:400", "--replications", "3"];
  const met = await servesimIn(folder, [...words, "--json", "-o", "answer.json", "--chart", "answer.svg", "--price-per-hour", "1"]); // prettier-ignore
  expect(met).toMatchObject({ code: 0 });
  const answer: Answer = answerSchema.parse(JSON.parse(met.stdout));
  expect(answer).toMatchObject({ question: { name: "size" }, unit: "replicas", verdict: "met" });
  expect(answer.commands.reproduce).toBe(`servesim ${[...words, "--price-per-hour", "1"].join(" ")}`);
  expect(JSON.parse(readFileSync(join(folder, "answer.json"), "utf8"))).toEqual(answer);
  expect(readFileSync(join(folder, "answer.svg"), "utf8")).toContain("p90_e2el_ms");
  const missed = await servesimIn(folder, [...words, "--slo", "p90_e2el:1", "--max-replicas", "2"]);
  expect(missed.code).toBe(4);
  expect(missed.stdout).toMatch(/^no number of replicas within p90_e2el <= 1 ms\n/);
  expect(missed.stderr).toMatch(/error: p90_e2el <= 1 ms cannot be met with as many replicas as were tried\n$/);
});

test("tune prints the changed flags alone, and its answer is valid by the schema", async () => {
  const words = ["tune", ...naive, "--request-rate", "150", "--goal", "p90_e2el", "--candidates", "5", "--replications", "3"]; // prettier-ignore
  const tuned = await servesimIn(folder, [...words, "-o", "tune.json", "--chart", "tune.svg"]);
  expect(tuned.code).toBe(0);
  const answer = answerSchema.parse(JSON.parse(readFileSync(join(folder, "tune.json"), "utf8")));
  const flags = Object.entries(answer.tuning!.changes).map(([name, value]) => ` --${name.replace(/_s$/, "").replaceAll("_", "-")} ${String(value)}`); // prettier-ignore
  expect(answer.tuning!.command).toBe(`servesim bench --policy naive${flags.join("")}`);
  expect(tuned.stdout).toMatch(/^least p90_e2el: /);
  expect(readFileSync(join(folder, "tune.svg"), "utf8")).toContain("least p90_e2el");
});

test("mistakes get one message that names the flag, and exit code 2", async () => {
  writeFileSync(join(folder, "short.csv"), "arrival_ms,prompt_tokens,output_tokens\n0,5,5\n1000,5,5\n");
  const size = ["size", ...naive, "--slo", "p90_e2el:400"];
  const cases: [string[], RegExp][] = [
    [[...size, "--request-rate", "9", "--replicas", "2"], /--replicas 2: size finds this number, leave it out/],
    [[...size], /neither how often requests come nor how many clients/],
    [
      [...size, "--request-rate", "9", "--window", "60"],
      /--window 60: only a trace of requests with times has windows/,
    ],
    [[...size, "--request-rate", "1e9"], /the load takes at least \d+ of these servers at full speed, but size tries at most 1000; lower the load/], // prettier-ignore
    [
      [
        "size",
        "--policy",
        "naive",
        "--profile",
        "mini-cpu-2core",
        "--workload",
        "short.csv",
        "--slo",
        "mean_e2el:400",
        "--window",
        "1e-9",
      ],
      /--window 1e-9: the trace of 1 s has 1000000000 such windows, expected at most 10080: give at least 1/,
    ],
    [[...size, "--request-rate", "9", "--autoscale", "signal=queue,target=2"], /--autoscale takes vllm or orca/],
    [["size", "--policy", "vllm", ...load, "--request-rate", "9", "--slo", "p90_ttft:1", "--autoscale", "signal=cpu"], /--autoscale: got "signal=cpu"/], // prettier-ignore
    [["tune", ...naive, "--request-rate", "9", "--goal", "p90_e2el", "--attainment", "0.9"], /--attainment 0.9: needs --goodput/], // prettier-ignore
    [["tune", ...naive, "--request-rate", "9", "--goal", "p99_e2el", "--num-prompts", "100"], /--num-prompts: 100 requests are too few to tell the least p99_e2el: it takes/], // prettier-ignore
    [["tune", ...naive, "--request-rate", "9", "--goal", "fast"], /--goal: got "fast", expected throughput/],
    [["tune", ...naive, "--request-rate", "9", "--goal", "p90_e2el", "--settings", "block-size"], /--settings block_size: naive has no such setting to tune/], // prettier-ignore
  ];
  for (const [words, message] of cases) {
    const { code, stderr } = await servesimIn(folder, words);
    expect(stderr).toMatch(message);
    expect(stderr.match(/^error: /gm)).toHaveLength(1);
    expect(code).toBe(2);
  }
});
