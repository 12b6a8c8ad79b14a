/** The charts of runs over time, by name: of one load, each policy and source a scene. */
import { batchGanttPicture } from "./batch-gantt.js";
import { dynamicBatchesPicture, type BatchScene } from "./dynamic-batches.js";
import { requestLanesPicture } from "./request-lanes.js";
import type { RunScene } from "./run-scene.js";
import { timeSeriesPicture } from "./time-series.js";

export interface RunPictures {
  readonly title: string;
  readonly scenes: readonly RunScene[];
  /** Of dynamic. */
  readonly batches: readonly BatchScene[];
}

/** `time_series`, `batch_gantt`, `request_lanes` and `dynamic_batches`, those that the runs have something for. */
export function runPictures({ title, scenes, batches }: RunPictures): Map<string, string> {
  const pictures = new Map<string, string>();
  const served = scenes.filter(({ timeline }) => timeline.requests.some(({ phases }) => phases.length > 0));
  if (served.length > 0) {
    pictures.set("time_series", timeSeriesPicture({ title, scenes: served }));
    pictures.set("batch_gantt", batchGanttPicture({ title, scenes: served }));
    pictures.set("request_lanes", requestLanesPicture({ title, scenes: served }));
  }
  const filled = batches.filter((scene) => scene.batches.length > 0);
  if (filled.length > 0) pictures.set("dynamic_batches", dynamicBatchesPicture({ title, scenes: filled }));
  return pictures;
}
