/** Shows how a real run goes, at a steady pace whatever its requests do: between two of them nothing is drawn. */
import type { Workload } from "../formats/index.js";
import { LiveFigures, type OnProgress } from "./live-figures.js";

const EVERY_MS = 500;

/** Calls `tick` again and again, until what it returns is called. */
export type Ticker = (tick: () => void) => () => void;

const twiceASecond: Ticker = (tick) => {
  const timer = setInterval(tick, EVERY_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
  };
};

export interface WatchedRun {
  readonly onProgress: OnProgress;
  readonly stop: () => void;
}

/** `show`: requests that have ended, and the figures so far in words. */
export function watchRun(
  workload: Workload,
  show: (ended: number, figures: string) => void,
  ticker: Ticker = twiceASecond,
): WatchedRun {
  const figures = new LiveFigures(workload);
  let ended = 0;
  const stop = ticker(() => {
    show(ended, figures.text());
  });
  return {
    onProgress: (count, _, record) => {
      ended = count;
      figures.add(record);
    },
    stop,
  };
}
