import type { RequestRecord } from "../formats/index.js";
import { watchRun } from "./watch-run.js";

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
