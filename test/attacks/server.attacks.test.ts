/**
 * Attacks of a server on the commands that talk to it, as processes: each ends by its deadlines, keeps the requests that were
 * answered, leaves with the right exit code and stays small. The slowest wait is a control request's deadline, 0.5 s.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRun } from "../../formats/files/index.js";
import * as hostile from "../support/hostile-answers.js";
import {
  goodMetrics,
  startHostileVllm,
  type Attack,
  type HostileOptions,
  type HostileVllm,
} from "../support/hostile-vllm.js";
import { attackedBench, MAX_MIB, measured, type Measured } from "../support/measured-process.js";

let folder: string;
let server: HostileVllm;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-attacks-"));
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Six requests after one warm-up, one at a time, with short deadlines. */
async function bench(options: HostileOptions, ...more: string[]): Promise<Measured> {
  server = await startHostileVllm(options);
  return measured(folder, [...attackedBench(server.baseUrl, 6), ...more]);
}

const servesim = (...words: readonly string[]): Promise<Measured> => measured(folder, words);

async function outcomes(): Promise<Record<string, number>> {
  const { requests } = await readRun(join(folder, "out"));
  const counts: Record<string, number> = {};
  for (const { status, extra } of requests) {
    const key = status === "ok" ? "ok" : extra!.failure!;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

const elsewhere = { location: "http://user:hush@192.0.2.1/login?token=hush" };
test("a server that never ends a whole answer costs nothing of it", async () => {
  const attack = hostile.lying({ isOpen: true });
  const ended = await bench({ path: "/v1/completions", attack, isAttacked: (at) => at % 3 === 2 });
  expect([ended.code, await outcomes()]).toEqual([0, { ok: 6 }]);
});

test("an answer that drips is given up at the request's deadline, however often a byte comes", async () => {
  const path = "/v1/completions";
  const isAttacked = (at: number): boolean => at === 3;
  const ended = await bench({ path, attack: hostile.drip, isAttacked }, "--stall-timeout", "30");
  expect([ended.code, await outcomes()]).toEqual([0, { ok: 5, timeout: 1 }]);
});

test("prompts and ids with halves of characters are sent and kept", async () => {
  const turn = (from: string, value: string): object => ({ from, value });
  const chat = (id: string): object => ({
    id,
    conversations: [turn("human", "a\ud800 b c d e"), turn("gpt", "x y z x y z")],
  });
  writeFileSync(join(folder, "chats.json"), JSON.stringify(["1", "\udfff2"].map(chat)));
  server = await startHostileVllm();
  const flags = ["--workload", "chats.json", "--trace-format", "sharegpt", "--max-concurrency", "1", "--output", "out"];
  const ended = await servesim("bench", "--backend", "vllm", "--base-url", server.baseUrl, ...flags);
  expect([ended.code, /error: .*/.exec(ended.said)]).toEqual([0, null]);
  expect(await outcomes()).toEqual({ ok: 2 });
});

test("a server that fails every request: the run is kept, exit 3", async () => {
  const ended = await bench({ path: "/v1/completions", attack: hostile.reset, after: 1 });
  expect([ended.code, await outcomes()]).toEqual([3, { reset: 6 }]);
  expect(ended.said).toMatch(/error: none of 6 requests got an answer, the first .* because: connection lost/);
});

const bodies: readonly (readonly [what: string, Attack])[] = [
  ["a byte a second", hostile.drip],
  ["a flood", hostile.flood("vllm:x 1\n")],
  ["a flood of one line", hostile.flood("x")],
  ["nothing", hostile.never],
  ["a reset", hostile.reset],
  ["less than promised", hostile.cutShort],
  ["HTTP 500", hostile.status(500, "no")],
  ["a redirect", hostile.status(302, "", elsewhere)],
  ["a gzip bomb", hostile.gzipBomb],
  ["a huge header", hostile.hugeHeader],
  ["no HTTP", hostile.notHttp],
];
const metrics: readonly (readonly [what: string, Attack])[] = [
  ...bodies,
  ["a page", hostile.html],
  ["counts that are not numbers", hostile.status(200, goodMetrics(7).replaceAll(/ 7$/gm, " NaN"))],
  ["negative counts", hostile.status(200, goodMetrics(-7))],
  ["counts that went back", hostile.status(200, goodMetrics(0))],
];

test.each(metrics)("a last reading of /metrics that is %s costs the run nothing", async (_, attack) => {
  const ended = await bench({ path: "/metrics", attack, after: 7 });
  expect([ended.code, await outcomes()]).toEqual([0, { ok: 6 }]);
  expect(ended.said).toMatch(
    /warning: .*(last reading failed|counters went backwards|readings of \/metrics failed|not known)/,
  );
  expect(ended.said).not.toMatch(/hush/);
  expect(existsSync(join(folder, "out", "server.json"))).toBe(true);
  expect(ended.peakMib).toBeLessThan(MAX_MIB);
});

test.each(bodies)("/v1/models that is %s ends bench with exit 3, before anything is sent", async (_, attack) => {
  const ended = await bench({ path: "/v1/models", attack });
  expect([ended.code, server.completions()]).toEqual([3, 0]);
  expect(ended.said).toMatch(/^error: /m);
  expect(ended.said).not.toMatch(/bug in servesim|hush/);
  expect(ended.peakMib).toBeLessThan(MAX_MIB);
});

test.each([
  ["doctor", []],
  ["calibrate", ["vllm"]],
])("%s ends with exit 3 at a server that drips", async (command, more) => {
  server = await startHostileVllm({ path: "/v1/models", attack: hostile.drip });
  const ended = await servesim(command, ...more, "--base-url", server.baseUrl, "--control-timeout", "0.3");
  expect(ended.code).toBe(3);
  expect(ended.said).toMatch(/no whole answer within 0.3 s/);
});

test("a model whose name a terminal would obey is rejected", async () => {
  const ended = await bench({ model: "m\u001b]0;owned\u0007" });
  expect(ended.code).toBe(3);
  expect(ended.said).toMatch(/names a model "m", expected at most 300 characters, none of them a control character/);
  expect(ended.said).not.toMatch(/[\u001b\u0007]/);
});
