import { serverViewOf, type ScrapeView, type ServerSample, type Watched } from "./server-view.js";

const scrapes: ScrapeView = { every_ms: 100, taken: 4, kept: 4, failed: 0, mean_ms: 1, max_ms: 2 };
const empty = { counters: {}, histograms: {} };

function sample(atMs: number, running: number): ServerSample {
  return { atMs, running, waiting: 0, kv_fraction: undefined, preemptions: 0 };
}

function viewOf(changes: Partial<Watched>): ReturnType<typeof serverViewOf> {
  const quiet = { before: empty, after: empty, samples: [], endMs: 100, scrapes, isBusyAtEnd: false };
  return serverViewOf({ ...quiet, ...changes });
}

test("a gauge's mean is over the run's time, with what it was at the start", () => {
  const { gauges, missing } = viewOf({ samples: [sample(-50, 4), sample(20, 0), sample(70, 10)] });
  expect(gauges.running).toEqual({ mean: (4 * 20 + 0 * 50 + 10 * 30) / 100, max: 10 });
  expect(gauges.kv_fraction).toBeUndefined();
  expect(missing).toContain("kv_fraction");
});

test("what came after the run does not count", () => {
  expect(viewOf({ samples: [sample(0, 2), sample(150, 9)] }).gauges.running).toEqual({ mean: 2, max: 2 });
});

test("the end of an open bucket is not guessed, and JSON holds the view whole", () => {
  const late = { bounds: [10, Infinity], cumulative: [0, 2], sum: 90 };
  const view = viewOf({ after: { counters: {}, histograms: { queue_ms: late } } });
  expect(view.histograms.queue_ms).toEqual({
    count: 2,
    mean: 45,
    p50: { value: null, within: [10, null] },
    p90: { value: null, within: [10, null] },
    p95: { value: null, within: [10, null] },
    p99: { value: null, within: [10, null] },
    buckets: [[null, 2]],
  });
  expect(JSON.parse(JSON.stringify(view))).toEqual(view);
});

test("no request in between: a count of zero and no figures", () => {
  const same = {
    counters: { preemptions: 3 },
    histograms: { ttft_ms: { bounds: [Infinity], cumulative: [7], sum: 9 } },
  };
  const view = viewOf({ before: same, after: same });
  expect(view.counters).toEqual({ preemptions: 0 });
  expect(view.histograms.ttft_ms).toMatchObject({ count: 0, mean: null, p99: null, buckets: [] });
});

test("readings that cost the server much are reported", () => {
  expect(viewOf({}).notes).toEqual([]);
  const { notes } = viewOf({ scrapes: { ...scrapes, mean_ms: 19.4 } });
  expect(notes[0]).toMatch("took 19.4 ms, so the server was read less often than every 100 ms");
});
