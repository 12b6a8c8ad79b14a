/** servesim sweep as users meet it: processes that are killed, shards beside each other, the files for clusters. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { servesimIn, signalWhen, startServesimIn } from "../../test/support/servesim-process.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-sweep-cli-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const sweep = `version: 1
name: killed
profiles: [h100-llama-3.1-8b-vllm-0.26]
policies: [{ policy: vllm, max_num_seqs: [8, 16, 32, 64] }]
loads:
  - { dataset_name: random, random_input_len: 200, random_output_len: 100, num_prompts: 100, request_rate: [4, 8, 16] }
replications: 4
`;

/** Cells of the rows of all processes. */
function finished(name: string): string[] {
  const parts = join(folder, name, "killed", "parts");
  const texts = readdirSync(parts).map((file) => readFileSync(join(parts, file), "utf8"));
  return texts.flatMap((text) =>
    text
      .split("\n")
      .slice(0, -1)
      .map((line) => (JSON.parse(line) as { cell: string }).cell),
  );
}

test("kill -9 loses and repeats no finished cell, and the tables are those of shards that ran beside each other", async () => {
  writeFileSync(join(folder, "sweep.yaml"), sweep);
  const words = ["sweep", "run", "sweep.yaml", "--results"];
  const killed = startServesimIn(folder, [...words, "one"]);
  const count = (): number => {
    try {
      return finished("one").length;
    } catch {
      return 0;
    }
  };
  await signalWhen(killed, "SIGKILL", () => count() >= 3);
  const kept = count();
  const status = await servesimIn(folder, ["sweep", "status", "sweep.yaml", "--results", "one", "--json"]);
  expect(JSON.parse(status.stdout)).toMatchObject({ cells: 12, finished: kept, left: 12 - kept });
  const rest = await servesimIn(folder, [...words, "one"]);
  expect([rest.code, rest.stderr]).toEqual([0, expect.stringContaining(`simulated ${12 - kept} cells`)]);
  expect(new Set(finished("one")).size).toBe(12);
  expect(finished("one")).toHaveLength(12);

  const shards = ["1/2", "2/2"].map((shard) =>
    startServesimIn(folder, [...words, "two", "--shard", shard, "--workers", "1"]),
  );
  expect((await Promise.all(shards.map(({ ended }) => ended))).map(({ code }) => code)).toEqual([0, 0]);
  const merge = ["sweep", "merge", "sweep.yaml", "--results", "two"];
  const pictured = await servesimIn(folder, [...merge, "--page", "p.html", "--chart", "c.svg", "--png"]);
  expect([pictured.code, pictured.stderr]).toEqual([0, expect.stringContaining("page written to p.html\n")]);
  expect(readFileSync(join(folder, "p.html"), "utf8")).toMatch(/<p class="headline">[^<]*max_num_seqs[^<]*<\/p>/);
  expect(readFileSync(join(folder, "c.png")).subarray(1, 4).toString()).toBe("PNG");
  const again = await servesimIn(folder, ["report", "two/killed"]);
  expect(again.stdout).toMatch(/two\/killed\/sweep\.html\n.*two\/killed\/plots\/sweep\.svg\n/);
  for (const table of ["sweep.csv", "sweep.parquet"]) {
    const [one, two] = ["one", "two"].map((name) => readFileSync(join(folder, name, "killed", table), "base64"));
    expect(two).toBe(one);
  }
});

test("mistakes are named, exit 2", async () => {
  writeFileSync(join(folder, "sweep.yaml"), sweep);
  for (const [words, message] of [
    [["sweep", "go", "sweep.yaml"], /no action "go" \(known: plan, run, status, merge\)/],
    [
      ["sweep", "status", "sweep.yaml", "--results", "none"],
      /plan\.jsonl does not exist; make it with servesim sweep plan/,
    ],
    [["sweep", "run", "sweep.yaml", "--shard", "1/2", "--refine", "knee"], /--refine: needs the rows of all shards/],
    [["sweep", "run", "sweep.yaml", "--slo", "p99_ttft:50"], /--slo p99_ttft:50: expected --refine knee with it/],
    [["sweep", "run", "none.yaml"], /none\.yaml/],
    [["sweep", "status", "sweep.yaml", "--page", "p.html"], /--page p\.html: is for sweep run and sweep merge/],
    [["sweep", "run", "sweep.yaml", "--shard", "1/2", "--chart", "c.svg"], /--chart c\.svg: a shard has only a part/],
    [
      ["sweep", "run", "sweep.yaml", "--queue", "redis://127.0.0.1:1", "--page", "p.html"],
      /--page p\.html: a queue's rows/,
    ],
    [["sweep", "run", "sweep.yaml", "--png"], /--png writes the chart as PNG, too: give --chart with it/],
  ] as const) {
    const { code, stderr } = await servesimIn(folder, words);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  }
});
