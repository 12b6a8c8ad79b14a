/**
 * Attacks of a server on the commands that talk to it, as processes: each ends by its deadlines, keeps the requests that were
 * answered, leaves with the right exit code and stays small. The slowest wait is a control request's deadline, 0.5 s.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { spawn } from "node:child_process";
import { readRun } from "../../formats/files/index.js";
import * as hostile from "../support/hostile-answers.js";
import {
  goodMetrics,
  startHostileVllm,
  type Attack,
  type HostileOptions,
  type HostileVllm,
} from "../support/hostile-vllm.js";

const main = resolve("dist/cli/main.js");
const preload = resolve("test/support/peak-rss.cjs");
/** An honest bench of this size takes about 120 MiB. */
const MAX_MIB = 400;

let folder: string;
let server: HostileVllm;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-attacks-"));
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly said: string;
  readonly peakMib: number;
}

async function servesim(...words: readonly string[]): Promise<Ended> {
  const peak = join(folder, "peak");
  const env = { ...process.env, NO_COLOR: "1", PEAK_RSS_FILE: peak, NODE_OPTIONS: `--require ${preload}` };
  const child = spawn(process.execPath, [main, ...words], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stdout.on("data", (bytes: Buffer) => (said += bytes.toString()));
  child.stderr.on("data", (bytes: Buffer) => (said += bytes.toString()));
  const code = await new Promise<number | null>((done) => child.once("close", done));
  return { code, said, peakMib: Number(readFileSync(peak, "utf8")) / 1024 };
}

/** Six requests after one warm-up, one at a time, with short deadlines. */
async function bench(options: HostileOptions, ...more: string[]): Promise<Ended> {
  server = await startHostileVllm(options);
  return servesim(
    ...["bench", "--backend", "vllm", "--base-url", server.baseUrl, "--output", "out", "--metrics-interval", "0"],
    ...["--dataset-name", "random", "--random-input-len", "12", "--random-output-len", "4", "--num-prompts", "6"],
    ...[
      "--max-concurrency",
      "1",
      "--control-timeout",
      "0.5",
      "--stall-timeout",
      "0.5",
      "--request-timeout",
      "2",
      ...more,
    ],
  );
}

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
const inStreams: readonly (readonly [what: string, Attack, kind: string, said: RegExp])[] = [
  ["answers a byte a second", hostile.drip, "stalled", /nothing came for 0.5 s/],
  ["floods with comments", hostile.flood(": x\n\n"), "malformed", /got over \d+ bytes/],
  ["floods with tokens", hostile.flood('data: {"choices":[{"text":"x"}]}\n\n'), "malformed", /four times the tokens/],
  ["floods with one line", hostile.flood("x"), "malformed", /exceeded max buffer size/],
  ["floods with data lines of one event", hostile.flood("data: x\n"), "malformed", /exceeded max buffer size|got over/],
  ["never answers", hostile.never, "stalled", /nothing came for 0.5 s/],
  ["resets", hostile.reset, "reset", /connection lost/],
  ["closes in mid-stream", hostile.cutShort, "reset", /connection lost after 1 chunks/],
  ["answers 500", hostile.status(500, "\u001b]0;owned\u0007no\u001b[2Jway\nerror: fake"), "http_5xx", /HTTP 500: noway error: fake/],
  ["redirects", hostile.status(302, "", elsewhere), "http_other", /redirect to "http:\/\/192.0.2.1\/login"; redirects are not/],
  ["sends a gzip bomb", hostile.gzipBomb, "malformed", /content-encoding "gzip"/],
  ["sends a huge header", hostile.hugeHeader, "malformed", /headers too long/i],
  ["speaks something else than HTTP", hostile.notHttp, "reset", /connection lost|not HTTP/],
  ["answers with a page", hostile.html, "malformed", /content-type "text\/html", expected text\/event-stream/],
  ["sends half an event of JSON", hostile.events('data: {"choices":[\n\n'), "malformed", /expected a JSON object/],
  ["sends choices that are text", hostile.events('data: {"choices":"abc"}\n\n'), "malformed", /choices: got .*expected a list/],
  ["sends a choice that is a number", hostile.lying({ choice: '{"choices":[7]}' }), "malformed", /choices\[0\]: got 7/],
  ["sends token ids that are an object", hostile.lying({ choice: '{"choices":[{"token_ids":{"length":9}}]}' }), "malformed", /token_ids/],
  ["counts negative tokens", hostile.lying({ usage: '{"completion_tokens":-5}' }), "malformed", /completion_tokens: got -5/],
  ["counts half tokens", hostile.lying({ usage: '{"completion_tokens":1.5}' }), "malformed", /completion_tokens: got 1.5/],
  ["counts 1e308 tokens", hostile.lying({ usage: '{"completion_tokens":1e308}' }), "malformed", /expected a whole number/],
  ["counts infinitely many tokens", hostile.lying({ usage: '{"prompt_tokens":1e999}' }), "malformed", /prompt_tokens: got null/],
  ["counts in words", hostile.lying({ usage: '{"completion_tokens":"4; DROP"}' }), "malformed", /completion_tokens: got "4; DROP"/],
  ["caches more than there is", hostile.lying({ usage: '{"prompt_tokens":12,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":13}}' }), "malformed", /cached_tokens: got 13/],
  ["queues for a negative time", hostile.lying({ metrics: '{"queue_time_ms":-1}' }), "malformed", /queue_time_ms: got -1/],
]; // prettier-ignore

test.each(inStreams)("a server that %s in two of six answers: the others are kept", async (_, attack, kind, said) => {
  const ended = await bench({ path: "/v1/completions", attack, isAttacked: (at) => at % 3 === 2 });
  expect([ended.code, await outcomes()]).toEqual([0, { ok: 4, [kind]: 2 }]);
  expect(ended.said).toMatch(said);
  expect(ended.said).not.toMatch(/[\u001b\u0007]|hush/);
  expect(ended.peakMib).toBeLessThan(MAX_MIB);
});

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
    /warning: .*(last reading failed|counted backwards|readings of \/metrics failed|not known)/,
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
