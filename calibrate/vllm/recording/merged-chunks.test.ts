/** Recordings whose chunks were cut by a server's setting, by a proxy, or by nobody. */
import type { RequestRecord } from "../../../formats/index.js";
import { exponential, stream } from "../../../sim/index.js";
import { chunkFindings, chunksAt } from "./merged-chunks.js";
import type { RecordedRun } from "./recorded-run.js";

const STEP_MS = 7;

/** `cut`: token times of an answer to the times of its chunks. */
function recorded(
  cut: (tokensMs: readonly number[], random: () => number) => number[],
  { probe = "", settings = {} }: { readonly probe?: string; readonly settings?: Record<string, unknown> } = {},
): RecordedRun {
  const random = stream("merged-chunks");
  const requests = Array.from({ length: 60 }, (_, at): RequestRecord => {
    const outputTokens = 10 + Math.floor(random() * 90);
    let atMs = 20;
    const tokensMs = Array.from({ length: outputTokens }, () => (atMs += STEP_MS * (0.8 + 0.2 * exponential(random))));
    const chunks = cut(tokensMs, random);
    return {
      requestId: String(at),
      arrivalNs: 0,
      firstTokenNs: chunks[0]! * 1e6,
      lastTokenNs: chunks.at(-1)! * 1e6,
      promptTokens: 50,
      outputTokens,
      status: "ok",
      extra: { probe, chunks: String(chunks.length), chunk_ms: chunks.map((ms) => ms.toFixed(3)).join(";") },
    };
  });
  const engine = { name: "vllm", version: "0.26.0", settings };
  return { name: "x", run: { info: { engine } as unknown as RecordedRun["run"]["info"], requests, batches: [] } };
}

/** First token, every `n`-th, last. */
const every = (n: number) => (times: readonly number[]) =>
  times.filter((_, at) => at % n === 0 || at === times.length - 1);
/** Each chunk waits until the proxy has so many, or the answer is over. */
const held = (n: number) => (times: readonly number[]) =>
  times.map((_, at) => times[Math.min(times.length - 1, at - (at % n) + n - 1)]!);
/** Each token waits with a chance for the one after it. */
const merging = (chance: number) => (times: readonly number[], random: () => number) =>
  times.filter((_, at) => at === 0 || at === times.length - 1 || random() > chance);
const asMade = (times: readonly number[]): number[] => [...times];

test("chunks as the engine makes tokens are nothing to speak of", () => {
  expect(chunkFindings([recorded(asMade)])).toEqual({ interval: 1, notes: [] });
});

test.each([2, 4, 10])("stream_interval %i is recognised from how answers are cut, and reported", (interval) => {
  const found = chunkFindings([recorded(every(interval))]);
  expect(found.interval).toBe(interval);
  expect(found.notes.join()).toContain(`stream_interval ${interval}`);
  expect(chunksAt(interval, 1 + 3 * interval)).toBe(4);
});

test("an interval that leaves two chunks of an answer is rejected, with the flag that helps", () => {
  expect(() => chunkFindings([recorded(every(1000))])).toThrow(/two chunks each.*--stream-interval 1/s);
});

test("a proxy that hands chunks on in bunches is rejected, with what was seen", () => {
  expect(() => chunkFindings([recorded(held(4))])).toThrow(
    /7\d % of chunks came together .* \(a proxy\) collects chunks.*proxy_buffering off/s,
  );
});

test("a proxy that holds whole answers is rejected, chunk times or not", () => {
  const whole = recorded(held(1000));
  expect(() => chunkFindings([whole])).toThrow(/60 of 60 answers arrived whole, all at once/);
  const requests = whole.run.requests.map((request) => ({ ...request, extra: {} }));
  expect(() => chunkFindings([{ ...whole, run: { ...whole.run, requests } }])).toThrow(/arrived whole/);
});

test("over half of the tokens merged by a busy front end is said, and not taken for a setting or a proxy", () => {
  const found = chunkFindings([recorded(merging(0.6), { settings: { stream_interval: 1 } })]);
  expect(found.interval).toBe(1);
  expect(found.notes.join()).toMatch(
    /(5[0-9]|6[0-9]) % of all tokens came merged .* the server's own front end falls behind/,
  );
  expect(chunkFindings([recorded(merging(0.6))]).interval).toBe(1);
});

test("merged unevenly for requests alone on the server is no busy front end", () => {
  expect(() => chunkFindings([recorded(merging(0.4), { probe: "decode-b1-c16" })])).toThrow(
    /requests that were alone on the server arrived merged.*speculative decoding/s,
  );
});

test("without chunk times it says that gaps are not compared", () => {
  const { run, name } = recorded(asMade);
  const requests = run.requests.map((request) => ({ ...request, extra: {} }));
  expect(chunkFindings([{ name, run: { ...run, requests } }]).notes).toEqual([
    "no chunk times were recorded: gaps between tokens are not compared",
  ]);
});
