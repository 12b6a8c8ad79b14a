/** What versions of vLLM make of flags and settings; releases as read in their own argument parsers. */
import { checkVersion, type AskedOfVersion } from "./index.js";

const found = (asked: AskedOfVersion): string[] =>
  checkVersion(asked).map(({ what, state, detail }) => `${what} ${state}: ${detail}`);
const flags = (version: string, serveArgs: string): string[] =>
  checkVersion({ version, serveArgs }).flatMap(({ what, state, detail }) =>
    what === "flag" ? [`${state} ${detail}`] : [],
  );

test.each([
  ["0.26.0", "--max-num-active-seqs 64", ["unknown --max-num-active-seqs 64: it came with 0.31, and a server of 0.26.0 does not start with it"]], // prettier-ignore
  ["0.31.0", "--max-num-active-seqs 64 --max-num-seqs 128", []],
  ["0.23.0", "--watermark 0.01", ["unknown --watermark 0.01: it came with 0.24, and a server of 0.23.0 does not start with it"]], // prettier-ignore
  ["0.24.0", "--watermark 0.01", []],
  ["0.26.0", "--max-num-partial-prefills 4", ["unknown --max-num-partial-prefills 4: a server of 0.26.0 starts with no value but 1"]], // prettier-ignore
  ["0.26.0", "--max-num-partial-prefills 1", []],
  ["0.27.0", "--max-num-partial-prefills 1", ["unknown --max-num-partial-prefills 1: 0.26 was the last to have it, and a server of 0.27.0 does not start with it"]], // prettier-ignore
  ["0.31.0", "--disable-cascade-attn", []],
  ["0.32.0", "--disable-cascade-attn", ["ignored --disable-cascade-attn: cascade attention is gone, and 0.33 is to drop the flag"]], // prettier-ignore
  ["0.19.0", "--max-parallel-loading-workers 2", ["ignored --max-parallel-loading-workers 2: the server only logs a warning"]], // prettier-ignore
  ["0.32.0", "--port 8000 --num-scheduler-steps 8 --use-v2-block-manager", ["unknown --num-scheduler-steps 8, --use-v2-block-manager: no release from 0.19 to 0.32 has such a flag"]], // prettier-ignore
])("vLLM %s, given %s", (version, serveArgs, expected) => {
  expect(flags(version, serveArgs)).toEqual(expected);
});

test("the version is told, with what is assumed of one that is not known", () => {
  expect(found({ version: "0.32.0" })).toEqual(["vLLM version info: 0.32.0, as its release is known"]);
  expect(found({ version: "0.40.0" })[0]).toBe(
    "vLLM version info: vLLM 0.40.0 is newer than 0.32, whose rules are assumed",
  );
  expect(found({ version: "unknown" })[0]).toBe(
    'vLLM version info: vLLM version "unknown" is not a release: the rules of 0.32 are assumed',
  );
});

test("a default that the newest release has otherwise is told, unless it is given", () => {
  const told = "default info: gpu_memory_utilization is 0.9 where it is not given, and 0.92 in 0.32.0";
  expect(found({ version: "0.19.0" })).toContain(told);
  expect(found({ version: "0.19.0", serveArgs: "--gpu-memory-utilization 0.8" })).not.toContain(told);
  expect(found({ version: "0.20.0" })).not.toContain(told);
});

test("what a release did otherwise, and is simulated as later ones do, is told", () => {
  const told = (version: string): string[] => found({ version }).filter((line) => line.startsWith("not modelled"));
  const counts = ["0.19.0", "0.20.0", "0.22.0", "0.24.0", "0.26.0", "0.27.0"].map((version) => told(version).length);
  expect(counts).toEqual([4, 3, 4, 4, 3, 2]);
  expect(told("0.27.1")[1]).toMatch(
    /: with scheduling_policy priority, a preemption may cost the next request its turn;/,
  );
  expect(told("0.28.0")).toEqual([]);
});

test("settings of a server or a profile are checked where they are on, flags or not", () => {
  const settings = {
    num_gpu_blocks: 400,
    max_num_active_seqs: 8,
    watermark: 0,
    long_prefill_token_threshold_adaptive: false,
  };
  expect(found({ version: "0.23.0", settings }).filter((line) => line.startsWith("flag"))).toEqual([
    "flag unknown: --max-num-active-seqs 8: it came with 0.31, and a server of 0.23.0 does not start with it",
  ]);
  expect(found({ version: "0.31.0", settings })).toHaveLength(1);
});
