/**
 * Attacks of a server on single answers: two of six requests are attacked in one way, then two of six in the next. All in one
 * bench, which keeps every answer in between.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RequestRecord } from "../../formats/index.js";
import { readRun } from "../../formats/files/index.js";
import * as hostile from "../support/hostile-answers.js";
import { startHostileVllm, type Attack, type HostileVllm } from "../support/hostile-vllm.js";
import { attackedBench, MAX_MIB, measured, type Measured } from "../support/measured-process.js";

const elsewhere = { location: "http://user:hush@192.0.2.1/login?token=hush" };
const inStreams: readonly (readonly [what: string, Attack, kind: string, said: RegExp])[] = [
  ["answers a byte a second", hostile.drip, "stalled", /nothing came for 0.5 s/],
  ["floods with comments", hostile.flood(": x\n\n"), "malformed", /got over \d+ bytes/],
  ["floods with tokens", hostile.flood('data: {"choices":[{"text":"x"}]}\n\n'), "malformed", /four chunks per requested token/],
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

/** Requests sent for each attack. */
const EACH = 6;
/** Many times the limit on a stall, which timers of half a second may notice late. */
const REQUEST_TIMEOUT_S = 8;

let folder: string;
let server: HostileVllm;
let ended: Measured;
let requests: readonly RequestRecord[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "servesim-streams-"));
  let attack: Attack | undefined;
  server = await startHostileVllm({
    path: "/v1/completions",
    // The warm-up is the first completion; requests come one at a time.
    isAttacked: (at) => {
      attack = inStreams[Math.floor((at - 1) / EACH)]?.[1];
      return at % 3 === 2;
    },
    attack: (response, request) => {
      attack!(response, request);
    },
  });
  ended = await measured(folder, attackedBench(server.baseUrl, EACH * inStreams.length, REQUEST_TIMEOUT_S));
  requests = (await readRun(join(folder, "out"))).requests;
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

test.each(inStreams.map((attack, at) => [...attack, at] as const))(
  "a server that %s in two of six answers: the others are kept",
  (_, __, kind, said, at) => {
    const own = requests.slice(EACH * at, EACH * (at + 1));
    expect(own.map(({ status, extra }) => (status === "ok" ? "ok" : extra!.failure))).toEqual(
      [0, 1, 2, 3, 4, 5].map((place) => ((EACH * at + place + 1) % 3 === 2 ? kind : "ok")),
    );
    for (const { status, error } of own) if (status !== "ok") expect(error).toMatch(said);
  },
);

test("the bench ends well and stays small, and what servers said does neither harm nor leak", () => {
  expect(ended.code).toBe(0);
  expect(ended.peakMib).toBeLessThan(MAX_MIB);
  const written = readdirSync(join(folder, "out")).map((name) => readFileSync(join(folder, "out", name), "utf8"));
  expect([ended.said, ...written].join("\n")).not.toMatch(/[\u001b\u0007]|hush/);
});
