import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { answerSchema, BackendError, defined, parseSlos, type Answer, type Goals } from "../../formats/index.js";
import { readProfile } from "../../formats/files/index.js";
import { addressOf } from "../../real/vllm/index.js";
import { watchTraffic } from "../../real/vllm/server/index.js";
import { startFakeVllm } from "../../test/support/fake-vllm.js";
import { headroom } from "./headroom.js";
import { requestsOfTraffic } from "./requests-of-traffic.js";

const profile = readProfile("profiles/h100-llama-3.1-8b-vllm-0.26.json");
const SECONDS = 0.2;

interface Counts {
  readonly finished: number;
  readonly running?: number;
  readonly cached?: number;
  readonly startedAtS?: number;
}

/** The metrics of a server whose prompts have 150 tokens on the mean, half of them up to 100, and whose answers have 20. */
function metricsText({ finished, running = 2, cached = 0, startedAtS = 1e9 }: Counts): string {
  const histogram = (name: string, buckets: readonly (readonly [string, number])[], sum: number): string[] => [
    ...buckets.map(([le, count]) => `${name}_bucket{engine="0",le="${le}"} ${count}`),
    `${name}_sum{engine="0"} ${sum}`,
    `${name}_count{engine="0"} ${finished}`,
  ];
  return [
    `process_start_time_seconds ${startedAtS}`,
    `vllm:num_requests_running{engine="0"} ${running}`,
    `vllm:num_requests_waiting{engine="0"} 0`,
    `vllm:kv_cache_usage_perc{engine="0"} 0.02`,
    `vllm:prefix_cache_hits_total{engine="0"} ${cached}`,
    ...histogram(
      "vllm:request_prompt_tokens",
      [
        ["100.0", finished / 2],
        ["200.0", finished],
        ["+Inf", finished],
      ],
      150 * finished,
    ),
    ...histogram(
      "vllm:request_generation_tokens",
      [
        ["10.0", 0],
        ["50.0", finished],
        ["+Inf", finished],
      ],
      20 * finished,
    ),
    ...histogram(
      "vllm:time_to_first_token_seconds",
      [
        ["0.1", finished],
        ["+Inf", finished],
      ],
      0.03 * finished,
    ),
    "",
  ].join("\n");
}

async function trafficOf(...readings: readonly (Counts | string | undefined)[]) {
  let at = 0;
  const server = await startFakeVllm({
    metrics: () => {
      const reading = readings[Math.min(at++, readings.length - 1)];
      return typeof reading === "object" ? metricsText(reading) : reading;
    },
  });
  try {
    return await watchTraffic(server.baseUrl, SECONDS, new AbortController().signal);
  } finally {
    await server.close();
  }
}

test("between two readings: rate, lengths, cached share and requests at once", async () => {
  const traffic = await trafficOf({ finished: 100 }, { finished: 110, running: 4, cached: 300 });
  expect(traffic).toMatchObject({ requests: 10, running: 3, waiting: 0, cachedShare: 0.2, kvFraction: 0.02 });
  // Ten finished, and two more are there.
  expect(traffic.requestsPerS * traffic.seconds).toBeCloseTo(12, 6);
  expect(traffic.meanTtftMs).toBeCloseTo(30, 6);
});

test("requests drawn from the histograms have their means, shape and shared prefix", async () => {
  const traffic = await trafficOf({ finished: 100 }, { finished: 1100, cached: 30_000 });
  const { requests, cut } = requestsOfTraffic(traffic, 4096, "1");
  const meanOf = (of: (request: (typeof requests)[number]) => number): number =>
    requests.reduce((sum, request) => sum + of(request), 0) / requests.length;
  expect(meanOf(({ promptTokens }) => promptTokens)).toBeCloseTo(150, 0);
  expect(meanOf(({ outputTokens }) => outputTokens)).toBeCloseTo(20, 0);
  expect(meanOf(({ content }) => content?.[0]?.[1] ?? 0) / 150).toBeCloseTo(0.2, 1);
  expect(cut).toBe(0);
  expect(requestsOfTraffic(traffic, 160, "1").cut).toBeGreaterThan(0);
});

async function answered(finishedPerS: number, goals: Goals): Promise<Answer> {
  const traffic = await trafficOf({ finished: 100 }, { finished: 100 + Math.round(finishedPerS * SECONDS) });
  const input = {
    traffic,
    profile,
    settings: {},
    goals,
    seed: "1",
    asked: {},
    count: 400,
    reproduce: "servesim headroom",
  };
  return headroom(input, { workers: 1, replications: 3, precision: 0.3 });
}

test("a server at little load has room to grow, and its present rate stands beside the capacity", async () => {
  const answer = await answered(20, { slos: parseSlos("mean_ttft:200") });
  expect(answerSchema.parse(answer)).toEqual(answer);
  expect(answer).toMatchObject({ question: { name: "headroom" }, verdict: "safe", unit: "requests/s" });
  expect(answer.at_rate!.head_room).toBeGreaterThan(1);
  expect(answer.observed!.utilisation).toBeLessThan(0.5);
  expect(answer.evidence[0]!.varied).toEqual({ request_rate: answer.at_rate!.rate });
});

test("without goals the capacity is what it can keep up with; beyond it there is none left", async () => {
  const answer = await answered(2000, { slos: [] });
  expect(answer.question.goal).toBe("what it can keep up with");
  expect(answer.verdict).toBe("no");
  expect(answer.at_rate!.head_room).toBeLessThan(0);
  expect(answer.notes.join("\n")).toMatch(/requests at once: 2 at the server, .* simulated at its rate/);
});

test.each([
  ["a server without metrics", [undefined], /\/metrics answered with HTTP 404, expected the metrics of a vLLM server/],
  ["another server's metrics", ["up 1\n"], /has no vllm:request_prompt_tokens, expected the metrics of a vLLM server/],
  ["no traffic", [{ finished: 5 }], /no request finished in [\d.]+ s, expected traffic; give a longer --interval/],
  [
    "a server started anew",
    [{ finished: 5 }, { finished: 9, startedAtS: 2e9 }],
    /counts fell .* another server answers/,
  ],
  ["counts that fell", [{ finished: 5 }, { finished: 2 }], /counts fell .* another server answers/],
])("%s is an error that says so", async (_, readings, message) => {
  await expect(trafficOf(...readings)).rejects.toThrow(message);
});

type Answering = (response: ServerResponse, reading: number) => void;

const whole = metricsText({ finished: 5 });

/** What `watchTraffic` says of a server that answers the n-th reading (from 0) so. */
async function saidOf(answering: Answering, askMs: number | undefined): Promise<Error> {
  let reading = 0;
  const server = createServer((_, response) => {
    answering(response, reading++);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await failureAt(`http://127.0.0.1:${port}`, askMs);
  } finally {
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  }
}

async function failureAt(baseUrl: string, askMs?: number): Promise<Error> {
  const address = addressOf(baseUrl, defined({ askMs }));
  try {
    await watchTraffic(address, SECONDS, new AbortController().signal);
  } catch (error) {
    return error as Error;
  }
  throw new Error("expected a failure");
}

/** The first reading is whole, the second one is not. */
const later =
  (answering: Answering): Answering =>
  (response, reading) => {
    if (reading === 0) response.end(whole);
    else answering(response, reading);
  };

const hangs: Answering = () => undefined;
const stops: Answering = (response) => {
  response.write(whole.slice(0, 200));
};
const cuts: Answering = (response) => {
  response.writeHead(200, { "content-length": whole.length });
  response.write(whole.slice(0, 200), () => response.destroy());
};
const status: Answering = (response) => {
  response.writeHead(500).end("Internal Server Error");
};
const garbage: Answering = (response) => {
  response.end("<html>\n<p>not metrics</p>\n");
};
const odd: Answering = (response) => {
  response.end(whole.replace(/(request_generation_tokens_sum\S*) .*/, "$1 NaN"));
};
const half: Answering = (response) => {
  response.end(whole.slice(0, whole.indexOf("vllm:request_generation_tokens") + 20));
};

test.each([
  ["answers with HTTP 500", status, /\/metrics answered with HTTP 500, expected the metrics of a vLLM server/],
  ["answers with garbage", garbage, /\/metrics has no vllm:request_prompt_tokens, expected the metrics/],
  ["never answers", hangs, /^no server answers at .*\/metrics: no whole answer within 1 s; start vLLM there/],
  ["stops in the middle of an answer", stops, /\/metrics gave no whole answer: no whole answer within 1 s/],
  ["cuts its answer", cuts, /\/metrics gave no whole answer: /],
  [
    "answers with a sum that is no number",
    odd,
    /\/metrics is not in .*request_generation_tokens_sum: got NaN, expected a sum/,
  ],
  ["answers with half of its metrics", half, /\/metrics (has no vllm:request_generation_tokens|is not in Prometheus)/],
])("a server that %s, at once or at the second reading, is one error of the backend", async (_, answering, message) => {
  // Only what never comes is waited for so short a time.
  const askMs = answering === hangs || answering === stops ? 1000 : undefined;
  for (const error of [await saidOf(answering, askMs), await saidOf(later(answering), askMs)]) {
    expect(error).toBeInstanceOf(BackendError);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain("\n");
  }
});

test("a closed port is an error that says how to start a server", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const error = await failureAt(`http://127.0.0.1:${port}`);
  expect(error).toBeInstanceOf(BackendError);
  expect(error.message).toMatch(/^no server answers at http:.*\/metrics: .*; start vLLM there .* or give the URL of a/);
});
