/** The chart of a profile, from the profile and the raw measurements that lie beside it. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Profile } from "../../formats/index.js";
import type { HeldOutStatistic, ProfilePicture } from "../../report/charts/index.js";
import { batchScene } from "./batch-scene.js";
import { blockScene } from "./block-scene.js";

/** `path`: of the profile's file. ArtifactError where its measurements are there and cannot be read. */
export async function profileScene(path: string, profile: Profile): Promise<ProfilePicture> {
  const title = `${profile.name}: fit and memory model`;
  const raw = profile.raw === undefined ? undefined : join(dirname(path), profile.raw);
  const found = raw !== undefined && existsSync(raw) ? raw : undefined;
  const notes = found === undefined ? [missing(profile.raw)] : [];
  if (profile.cost.kind === "static_batch") {
    const { batches, memory } = await batchScene(profile, found);
    return { title, batches, heldOut: [], memory, notes };
  }
  const memory = await blockScene(profile, found);
  return { title, batches: [], heldOut: heldOutStatistics(profile), memory, notes };
}

function missing(raw: string | undefined): string {
  return raw === undefined
    ? "The profile names no file of measurements, so there are no measured points."
    : `The measurements (${raw}) are not beside the profile, so there are no measured points.`;
}

/** Of the runs that a server's calibration kept out of the fit: simulated and measured. */
function heldOutStatistics({ held_out_runs: runs = [] }: Profile): HeldOutStatistic[] {
  return runs.flatMap(({ recording, metrics }) =>
    Object.entries(metrics).flatMap(([key, { real, sim }]) => {
      const [, statistic, metric] = /^(\w+?)_(\w+)_ms$/.exec(key) ?? [];
      if (statistic === undefined || metric === undefined || real === null || sim === null) return [];
      if (real <= 0 || sim <= 0) return [];
      return [{ recording, statistic, metric, realNs: 1e6 * real, simNs: 1e6 * sim }];
    }),
  );
}
