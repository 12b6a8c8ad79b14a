/** Shows how a real run goes, at a steady pace whatever its requests do: between two of them nothing is drawn. */
import type { Workload } from "../formats/index.js";
import { LiveFigures, type OnProgress } from "./live-figures.js";

const EVERY_MS = 500;

export interface WatchedRun {
  readonly onProgress: OnProgress;
  readonly stop: () => void;
}

/** `show`: requests that have ended, and the figures so far in words. */
export function watchRun(workload: Workload, show: (ended: number, figures: string) => void): WatchedRun {
  const figures = new LiveFigures(workload);
  let ended = 0;
  const timer = setInterval(() => {
    show(ended, figures.text());
  }, EVERY_MS);
  timer.unref();
  return {
    onProgress: (count, _, record) => {
      ended = count;
      figures.add(record);
    },
    stop: () => {
      clearInterval(timer);
    },
  };
}
