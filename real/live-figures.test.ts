import type { RequestRecord, Workload } from "../formats/index.js";
import { LiveFigures, watchRun } from "./live-figures.js";

const MS = 1e6;
const START_NS = 7e12;

const record = (
  arrivalMs: number,
  ttftMs: number,
  endMs: number,
  more: Partial<RequestRecord> = {},
): RequestRecord => ({
  requestId: "r",
  arrivalNs: arrivalMs * MS,
  firstTokenNs: (arrivalMs + ttftMs) * MS,
  lastTokenNs: endMs * MS,
  promptTokens: 8,
  outputTokens: 11,
  status: "ok",
  ...more,
});

function live(workload: Partial<Workload>): { readonly figures: LiveFigures; readonly at: (ms: number) => void } {
  let nowNs = START_NS;
  const requests = Array.from({ length: 10 }, (_, index) => ({ id: String(index), promptTokens: 8, outputTokens: 11, arrivalNs: index * 100 * MS })); // prettier-ignore
  const all = { requests, maxConcurrency: Infinity, thinkNs: 0, ...workload };
  return { figures: new LiveFigures(all, () => nowNs), at: (ms) => (nowNs = START_NS + ms * MS) };
}

test("an open loop: what is due and what has ended over the time so far, means of latencies", () => {
  const { figures, at } = live({});
  expect(figures.text()).toBe("");
  at(250);
  figures.add(record(0, 40, 250));
  // Due at 0, 100 and 200 ms.
  expect(figures.text()).toBe("4.00 of 12.0/s, 2 in flight, ttft 40.0 ms, tpot 21.0 ms");
  at(400);
  figures.add(record(100, 80, 280));
  figures.add(record(200, 1, 200, { status: "error" }));
  expect(figures.text()).toBe("5.00 of 12.5/s, 2 in flight, ttft 60.0 ms, tpot 15.5 ms, 1 failed");
  at(4000);
  // After the last arrival the rate asked stays what it was.
  expect(figures.text()).toMatch(/^0\.50 of 11\.1\/s, 7 in flight/);
});

test("a closed loop asks as fast as it is answered, and has its clients in flight", () => {
  const requests = Array.from({ length: 10 }, (_, index) => ({ id: String(index), promptTokens: 8, outputTokens: 11 }));
  const { figures, at } = live({ requests, maxConcurrency: 4 });
  at(500);
  figures.add(record(0, 20_000, 500, { outputTokens: 1 }));
  expect(figures.text()).toBe("2.00/s, 4 in flight, ttft 20.0 s");
});

test("where the next request depends on an answer, nothing is said of what is due", () => {
  const { figures, at } = live({ thinkNs: 1e9 });
  at(500);
  figures.add(record(0, 20, 500));
  expect(figures.text()).toBe("2.00/s, ttft 20.0 ms, tpot 48.0 ms");
});

test("a run whose requests have all failed says so", () => {
  const { figures } = live({});
  const { lastTokenNs, ...failed } = record(0, 1, 2, { status: "error" });
  expect(lastTokenNs).toBe(2 * MS);
  figures.add(failed);
  expect(figures.text()).toBe("1 failed");
});

test("figures are shown at each tick, not at each request, until the watch is stopped", () => {
  const shown: [number, string][] = [];
  let tick = (): void => undefined;
  let isStopped = false;
  const requests = [{ id: "0", promptTokens: 1, outputTokens: 1, arrivalNs: 0 }];
  const watched = watchRun(
    { requests, maxConcurrency: Infinity, thinkNs: 0 },
    (ended, figures) => shown.push([ended, figures]),
    (own) => {
      tick = own;
      return () => {
        isStopped = true;
      };
    },
  );
  tick();
  const failed: RequestRecord = { requestId: "0", arrivalNs: 0, promptTokens: 1, outputTokens: 0, status: "error" };
  watched.onProgress(1, 1, failed);
  expect(shown).toEqual([[0, ""]]);
  tick();
  expect(shown.at(-1)).toEqual([1, "1 failed"]);
  watched.stop();
  expect(isStopped).toBe(true);
});
