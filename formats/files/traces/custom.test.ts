/** vLLM bench's dataset "custom": JSON lines of prompts. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Trace } from "../../load/index.js";
import { readTrace, type TraceOptions } from "./read-trace.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-custom-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Reads the lines with one token a word. */
async function read(lines: readonly (object | string)[], options: Partial<TraceOptions> = {}): Promise<Trace> {
  const path = join(folder, "prompts.jsonl");
  writeFileSync(path, lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n"));
  const tokenize = (text: string): number[] =>
    text
      .trim()
      .split(/\s+/)
      .map(() => 1);
  return readTrace(path, { loadTokenizer: () => Promise.resolve(tokenize), ...options });
}

const shortly = ({ requests }: Trace): unknown[] =>
  requests.map(({ id, arrivalNs, promptTokens, outputTokens }) => [id, arrivalNs, promptTokens, outputTokens]);

test("is recognised by its prompt, and gives text, lengths and priority in the order of the file", async () => {
  const trace = await read([
    { prompt: "What is the capital of India?", output_tokens: 10 },
    { prompt: "And of China?", output_len: 819, output_tokens: null, priority: 2, image: "ignored" },
  ]);
  expect(trace.format).toBe("custom");
  expect(shortly(trace)).toEqual([
    ["0", undefined, 6, 10],
    ["1", undefined, 3, 819],
  ]);
  expect(trace.requests[1]).toMatchObject({ prompt: "And of China?", priority: 2 });
});

test("arrival, in seconds or another unit, says when each comes; times count from the first", async () => {
  const lines = [
    { prompt: "a", output_tokens: 1, arrival: 11.5 },
    { prompt: "b", output_tokens: 1, arrival: 10 },
  ];
  expect(shortly(await read(lines))).toEqual([
    ["1", 0, 1, 1],
    ["0", 1_500_000_000, 1, 1],
  ]);
  expect(shortly(await read(lines, { secondsPerUnit: 0.001 }))[1]).toEqual(["0", 1_500_000, 1, 1]);
});

test("one length for all lines takes the place of their own", async () => {
  const lines = [{ prompt: "a" }, { prompt: "b", output_tokens: 3 }];
  expect(shortly(await read(lines, { customOutputLen: 7 })).map((request) => (request as unknown[])[3])).toEqual([
    7, 7,
  ]);
  await expect(
    read(['{"timestamp": 0, "input_length": 1, "output_length": 1}'], { customOutputLen: 7 }),
  ).rejects.toThrow(/prompts.jsonl: custom_output_len is for JSON lines with a prompt, this is mooncake; leave it out/);
});

test("fewer prompts than requests are taken again from the start, and a note says so; no more are read than are wanted", async () => {
  const lines = [
    { prompt: "a", output_tokens: 1 },
    { prompt: "b b", output_tokens: 2 },
  ];
  const trace = await read(lines, { limit: 5 });
  expect(shortly(trace).map((request) => (request as unknown[])[2])).toEqual([1, 2, 1, 2, 1]);
  expect(new Set(trace.requests.map(({ id }) => id)).size).toBe(5);
  expect(trace.notes).toEqual(["its 2 prompts are taken again from the start for 5 requests"]);
  expect(shortly(await read([...lines, "not read"], { limit: 2 }))).toHaveLength(2);
});

test.each([
  [
    [{ prompt: "a", output_tokens: 1 }, { prompt: "b" }],
    /jsonl:2: no output_tokens; add them, or set custom_output_len/,
  ],
  [[{ prompt: "a", output_tokens: 1 }, { output_tokens: 1 }], /jsonl:2: prompt: got nothing, expected/],
  [
    [
      { prompt: "a", output_tokens: 1 },
      { prompt: [1, 2], output_tokens: 1 },
    ],
    /jsonl:2: prompt: got \[1,2\], expected/,
  ],
  [[{ prompt: " ", output_tokens: 1 }], /jsonl:1: prompt: got " ", expected a text/],
  [[{ prompt: "a", output_tokens: 0 }], /jsonl:1: output_tokens: got 0, expected/],
  [[{ prompt: "a", output_tokens: "ten" }], /jsonl:1: output_tokens: got "ten", expected/],
  [
    [{ prompt: "a", output_tokens: 3, output_len: 4 }],
    /jsonl:1: output_tokens is 3 and output_len 4, expected one length/,
  ],
  [[{ prompt: "a", output_tokens: 1, arrival: "soon" }], /jsonl:1: arrival: got "soon", expected/],
  [
    [
      { prompt: "a", output_tokens: 1, arrival: 1 },
      { prompt: "b", output_tokens: 1 },
    ],
    /jsonl:2: no arrival, which the first line has; expected it in all lines or in none/,
  ],
  [
    [
      { prompt: "a", output_tokens: 1 },
      { prompt: "b", output_tokens: 1, arrival: 1 },
    ],
    /jsonl:2: an arrival, which the first line does not have; expected it in all lines or in none/,
  ],
  [[{ prompt: "a", output_tokens: 1 }, '{"prompt": "b'], /jsonl:2: not JSON: .*may be truncated/],
])("%j is rejected with file and line", async (lines, message) => {
  await expect(read(lines as (object | string)[])).rejects.toThrow(message);
});
