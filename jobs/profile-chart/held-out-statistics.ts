/** The statistics of the runs that a server's calibration kept out of the fit: simulated and measured. */
import type { Profile } from "../../formats/index.js";
import type { HeldOutStatistic } from "../../report/charts/index.js";

export function heldOutStatistics({ held_out_runs: runs = [] }: Profile): HeldOutStatistic[] {
  return runs.flatMap(({ recording, metrics }) =>
    Object.entries(metrics).flatMap(([key, { real, sim }]) => {
      const [, statistic, metric] = /^(\w+?)_(\w+)_ms$/.exec(key) ?? [];
      if (statistic === undefined || metric === undefined || real === null || sim === null) return [];
      if (real <= 0 || sim <= 0) return [];
      return [{ recording, statistic, metric, realNs: 1e6 * real, simNs: 1e6 * sim }];
    }),
  );
}
