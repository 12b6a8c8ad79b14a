import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { ArtifactError } from "../../index.js";
import { readVllmBench } from "../index.js";

const result = {
  date: "20261123-220725",
  backend: "openai",
  model_id: "gpt2-small",
  num_prompts: 3,
  request_rate: 4,
  burstiness: 1,
  max_concurrency: null,
  completed: 2,
  failed: 1,
  input_lens: [70, 54, 10],
  output_lens: [3, 1, 0],
  ttfts: [0.1, 0.05, 0],
  itls: [[0.02, 0.03], [], []],
  start_times: [1816.5, 1816.25, 1817],
  queue_times: [0, 0, 0],
  errors: ["", "", "Traceback (most recent call last):\n  File\nClientOSError: the server closed the connection\n"],
};

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-vllm-bench-"));
  path = join(folder, "result.json");
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function read(changes: object = {}) {
  writeFileSync(path, JSON.stringify({ ...result, ...changes }));
  return readVllmBench(path);
}

function without(...names: readonly (keyof typeof result)[]): object {
  return Object.fromEntries(names.map((name) => [name, undefined]));
}

test("times count from the first request, in nanoseconds; a failed request keeps the reason and no time", () => {
  const { info, requests } = read();
  expect(info).toMatchObject({ source: "real", load: { kind: "open_loop", request_rate: 4 }, requests: 3 });
  expect(requests).toEqual([
    expect.objectContaining({ arrivalNs: 250e6, firstTokenNs: 350e6, lastTokenNs: 400e6, outputTokens: 3, status: "ok" }), // prettier-ignore
    expect.objectContaining({ arrivalNs: 0, firstTokenNs: 50e6, lastTokenNs: 50e6, outputTokens: 1, status: "ok" }),
    {
      requestId: "2",
      arrivalNs: 750e6,
      sentNs: 750e6,
      promptTokens: 10,
      outputTokens: 0,
      status: "error",
      error: "ClientOSError: the server closed the connection",
    },
  ]);
  expect(requests[0]!.extra).toEqual({ chunks: "3", chunk_ms: "100.000;120.000;150.000" });
});

test("a request of an open loop that waited for a free client arrived before it was sent", () => {
  const { requests, info } = read({ max_concurrency: 2, queue_times: [0.5, 0, 0] });
  expect(info.load).toMatchObject({ kind: "open_loop", max_concurrency: 2 });
  expect(requests.map(({ arrivalNs, sentNs }) => [arrivalNs, sentNs])).toEqual([
    [0, 500e6],
    [250e6, 250e6],
    [1000e6, 1000e6],
  ]);
});

test("without a rate, clients are a closed loop, and requests arrive when they are sent", () => {
  const { requests, info } = read({ request_rate: "inf", max_concurrency: 2, queue_times: [9, 9, 9] });
  expect(info.load).toEqual({ kind: "closed_loop", burstiness: 1, max_concurrency: 2 });
  expect(requests.every(({ arrivalNs, sentNs }) => arrivalNs === sentNs)).toBe(true);
});

test.each<[string, object, RegExp]>([
  ["no times of requests", without("ttfts", "itls", "input_lens"), /run vllm bench serve with --save-result --save-detailed/], // prettier-ignore
  ["no times of sending", without("start_times"), /does not say when each request was sent \(start_times\)/],
  ["a simulation", { source: "sim" }, /is the result of a simulation/],
  ["another server's client", { backend: "tgi" }, /backend: got "tgi", .*"openai-chat"/],
  ["arrays of two lengths", { ttfts: [0.1] }, /ttfts has 1 entries and input_lens 3/],
  ["a count that does not add up", { completed: 3 }, /completed is 3, but 2 of 3 requests have an answer/],
  ["a time below zero", { ttfts: [-0.1, 0, 0] }, /ttfts\[0\]: got -0.1/],
  ["no request", { input_lens: [] }, /input_lens/],
])("%s: rejected with file and remedy", (_, changes, message) => {
  expect(() => read(changes)).toThrow(ArtifactError);
  expect(() => read(changes)).toThrow(message);
  expect(() => read(changes)).toThrow(path);
});

test("several results in one file, and a file that was cut, are rejected by what they are", () => {
  const text = JSON.stringify(result);
  writeFileSync(path, `${text}\n${text}\n`);
  expect(() => readVllmBench(path)).toThrow(/holds several results \(--append-result\), split it/);
  writeFileSync(path, text.slice(0, -20));
  expect(() => readVllmBench(path)).toThrow(/is not JSON: the file may be truncated/);
  writeFileSync(path, "[]");
  expect(() => readVllmBench(path)).toThrow(/expected a JSON object/);
});

const recorded = resolve("../shared/vllm-cpu/fixtures/bench.json");
(existsSync(recorded) ? test : test.skip)("means of a real result are those that vllm bench printed", () => {
  const theirs = JSON.parse(readFileSync(recorded, "utf8")) as Record<string, number>;
  const { requests } = readVllmBench(recorded);
  const meanMs = (of: (request: (typeof requests)[number]) => number): number =>
    requests.reduce((sum, request) => sum + of(request), 0) / requests.length / 1e6;
  expect(requests).toHaveLength(50);
  expect(meanMs(({ firstTokenNs, sentNs }) => firstTokenNs! - sentNs!)).toBeCloseTo(theirs.mean_ttft_ms!, 5);
  expect(meanMs(({ lastTokenNs, sentNs }) => lastTokenNs! - sentNs!)).toBeCloseTo(theirs.mean_e2el_ms!, 5);
  const tokens = requests.reduce((sum, { outputTokens }) => sum + outputTokens, 0);
  expect(tokens).toBe(theirs.total_output_tokens);
});
