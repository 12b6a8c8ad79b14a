import { jest } from "@jest/globals";
import type { RequestRecord } from "../formats/index.js";
import { watchRun } from "./watch-run.js";

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

test("figures are shown at a steady pace, not at each request, and no more once it is stopped", () => {
  const shown: [number, string][] = [];
  const requests = [{ id: "0", promptTokens: 1, outputTokens: 1, arrivalNs: 0 }];
  const watched = watchRun({ requests, maxConcurrency: Infinity, thinkNs: 0 }, (ended, figures) => shown.push([ended, figures])); // prettier-ignore
  const failed: RequestRecord = { requestId: "0", arrivalNs: 0, promptTokens: 1, outputTokens: 0, status: "error" };
  jest.advanceTimersByTime(500);
  watched.onProgress(1, 1, failed);
  expect(shown).toEqual([[0, "no answer yet"]]);
  jest.advanceTimersByTime(500);
  watched.stop();
  jest.advanceTimersByTime(5000);
  expect(shown).toEqual([[0, "no answer yet"], [1, "1 failed"]]); // prettier-ignore
});
