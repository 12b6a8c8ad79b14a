import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRun } from "../../formats/files/index.js";
import { startFakeVllm } from "../../test/support/fake-vllm.js";
import { servesimIn, startServesimIn } from "../../test/support/servesim-process.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-last-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const load = [
  "--dataset-name",
  "random",
  "--random-input-len",
  "8",
  "--random-output-len",
  "4",
  "--request-rate",
  "60",
];

/** A module that is loaded before servesim, and does this once ten requests are kept. */
function onceTenAreKept(what: string): { readonly NODE_OPTIONS: string } {
  const path = join(folder, "before.mjs");
  writeFileSync(
    path,
    `import { existsSync, readFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
const log = "out/finished.jsonl";
const look = setInterval(() => {
  if (!isMainThread || !existsSync(log) || readFileSync(log, "utf8").split("\\n").length < 11) return;
  clearInterval(look);
  ${what}
}, 5);
look.unref();
`,
  );
  return { NODE_OPTIONS: `--import ${path}` };
}

test.each([
  ["an exception", 'throw new TypeError("nobody caught me");'],
  ["a rejection", 'Promise.reject(new TypeError("nobody caught me"));'],
])("%s that nobody catches exits 70, and the bench has kept what had finished", async (_, what) => {
  const server = await startFakeVllm();
  try {
    const words = ["bench", "--backend", "vllm", "--base-url", server.baseUrl, ...load, "--num-prompts", "300"];
    const started = startServesimIn(folder, [...words, "--output", "out"], { env: onceTenAreKept(what) });
    const { code, stderr } = await started.ended;
    expect(stderr).toMatch(/error: this is a bug in servesim, .*\nTypeError: nobody caught me/);
    expect(code).toBe(70);
    const { info, requests } = await readRun(join(folder, "out"));
    expect(requests.length).toBeGreaterThanOrEqual(10);
    expect(info.cut).toBe(true);
  } finally {
    await server.close();
  }
});

const hasFull = existsSync("/dev/full");
(hasFull ? test : test.skip)(
  "a full disk behind standard output fails the command, but what goes to files is written",
  async () => {
    const words = ["trace", "inspect", "given.csv"];
    writeFileSync(join(folder, "given.csv"), "arrival_ms,prompt_tokens,output_tokens\n0,5,3\n10,7,2\n");
    const { code, stderr } = await servesimIn(folder, words, "exec >/dev/full");
    expect(stderr).toMatch(
      /^error: cannot write to standard output: the disk is full; what goes to files was written$/m,
    );
    expect(code).toBe(2);
  },
);

test("a reader that leaves early is no failure", async () => {
  writeFileSync(join(folder, "given.csv"), "arrival_ms,prompt_tokens,output_tokens\n0,5,3\n10,7,2\n");
  const started = startServesimIn(folder, ["trace", "inspect", "given.csv"]);
  started.child.stdout!.destroy();
  expect(await started.ended).toMatchObject({ code: 0, stderr: "" });
});

test("a run that its folder does not take is printed, then written to another folder, which is named", async () => {
  const server = await startFakeVllm();
  try {
    // No file may be larger than this: the journal of a few requests fits, the whole run's requests.csv does not.
    const words = ["bench", "--backend", "vllm", "--base-url", server.baseUrl, ...load, "--num-prompts", "40"];
    const env = breakWrites();
    const { code, stdout, stderr } = await startServesimIn(folder, [...words, "--output", "out"], { env }).ended;
    expect(stdout).toMatch(/^real vllm on fake \(vllm\): 40 requests in /);
    const elsewhere = /error: cannot write out.*the disk is full.*; the run was written to (\S+) instead/.exec(
      stderr,
    )?.[1];
    expect(code).toBe(2);
    expect((await readRun(elsewhere!)).requests).toHaveLength(40);
    rmSync(elsewhere!, { recursive: true });
    // What was kept while it went on is still there.
    expect((await readRun(join(folder, "out"))).requests).toHaveLength(40);
  } finally {
    await server.close();
  }
});

/** A disk that is full for the files of a whole run in `out`. */
function breakWrites(): { readonly NODE_OPTIONS: string } {
  const path = join(folder, "full.mjs");
  writeFileSync(
    path,
    `import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
const isFull = (path) => /\\/out\\/.*requests\\.csv/.test(String(path));
const full = () => Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC", syscall: "open" });
const usual = fs.promises.open;
fs.promises.open = async (path, ...rest) => {
  if (isFull(path)) throw full();
  return usual(path, ...rest);
};
syncBuiltinESMExports();
`,
  );
  return { NODE_OPTIONS: `--import ${path}` };
}
