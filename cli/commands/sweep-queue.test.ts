/** servesim sweep --queue as users meet it: processes that share a sweep through a real Valkey server, one of them killed. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { servesimIn, signalWhen, startServesimIn } from "../../test/support/servesim-process.js";
import { describeWithValkey, startValkey } from "../../test/support/valkey.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-sweep-queue-"));
  writeFileSync(join(folder, "sweep.yaml"), sweep);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const sweep = `version: 1
name: shared
profiles: [mini-cpu-2core]
policies: [{ policy: naive, batch_size: [1, 4], timeout_s: 0.05 }]
loads:
  - { dataset_name: fixed, input_len: 16, output_len: 8, num_prompts: 60, request_rate: [4, 6, 8, 10, 12, 14, 16, 18] }
seeds: [1, 2, 3, 4]
replications: 4
`;

/** Cells whose rows a machine has on its disk. */
function finished(machine: string): string[] {
  const parts = join(folder, machine, "shared", "parts");
  try {
    const texts = readdirSync(parts).map((file) => readFileSync(join(parts, file), "utf8"));
    return texts.flatMap((text) => text.match(/"cell":"[0-9a-f]{16}".*\n/g) ?? []);
  } catch {
    return [];
  }
}

describeWithValkey("sweep run --queue", () => {
  test("three processes, one of them killed -9 in mid-job: no cell is lost, and the tables are those of a plain run", async () => {
    const password = "correct-horse-battery";
    const valkey = await startValkey(["--requirepass", password]);
    try {
      const env = { SERVESIM_QUEUE_PASSWORD: password };
      const words = ["sweep", "run", "sweep.yaml", "--queue", valkey.url, "--chunk-seconds", "0.3", "--workers", "1"];
      const start = (name: string) => startServesimIn(folder, [...words, "--results", name], { env });
      const killed = start("a");
      // Beyond the cells that are timed before there are jobs.
      const end = signalWhen(killed, "SIGKILL", () => finished("a").length >= 11);
      const others = ["b", "c"].map(start);
      expect((await end).signal).toBe("SIGKILL");
      for (const { ended } of others) {
        const { code, stdout, stderr } = await ended;
        expect([code, stderr]).toEqual([0, expect.stringContaining("all cells are simulated")]);
        expect(stdout).toMatch(/│ 64 +│ 64 +│ 0 +│ 0 +│ 0/);
        expect(stderr).not.toContain(password);
      }
      const url = valkey.url.replace("//", `//:${password}@`);
      const merged = await servesimIn(folder, [
        "sweep",
        "merge",
        "sweep.yaml",
        "--queue",
        url,
        "--results",
        "collector",
      ]);
      expect([merged.code, merged.stderr]).toEqual([0, expect.stringContaining("64 rows written")]);
      expect(merged.stderr).not.toContain(password);
    } finally {
      await valkey.kill();
    }
    expect((await servesimIn(folder, ["sweep", "run", "sweep.yaml", "--results", "plain"])).code).toBe(0);
    for (const table of ["sweep.csv", "sweep.parquet"]) {
      const [shared, plain] = ["collector", "plain"].map((name) =>
        readFileSync(join(folder, name, "shared", table), "base64"),
      );
      expect(shared).toBe(plain);
    }
  }, 300_000);
});

test("mistakes with a queue are named, and passwords are not", async () => {
  const run = ["sweep", "run", "sweep.yaml", "--results", "mistakes"];
  const mistakes: readonly (readonly [readonly string[], number, RegExp])[] = [
    [
      [...run, "--queue", "http://u:hush-hush@h:1"],
      2,
      /--queue: got "http:\/\/\.\.\.@h:1", which has the scheme "http:"; expected redis:/,
    ],
    [[...run, "--queue", "redis://:hush-hush@h:99999"], 2, /got "redis:\/\/\.\.\.@h:99999", which is no URL/],
    [
      [...run, "--queue", "redis://:hush-hush@h:1?x=hush-hush"],
      2,
      /got "redis:\/\/\.\.\.@h:1\?\.\.\.", which has a query/,
    ],
    [[...run, "--queue", "redis://:hush-hush@127.0.0.1:1"], 3, /cannot reach redis:\/\/127\.0\.0\.1:1: .*ECONNREFUSED/],
    [
      [...run, "--queue", "redis://h:1", "--shard", "1/2"],
      2,
      /--queue: the queue shares out the cells; leave --shard out/,
    ],
    [[...run, "--queue", "redis://h:1", "--refine", "knee"], 2, /--refine: not with --queue/],
    [[...run, "--chunk-seconds", "5"], 2, /--chunk-seconds: expected --queue with it/],
  ];
  for (const [words, code, message] of mistakes) {
    const ended = await servesimIn(folder, words);
    expect([ended.code, ended.stderr]).toEqual([code, expect.stringMatching(message)]);
    expect(ended.stderr).not.toContain("hush-hush");
  }
});
