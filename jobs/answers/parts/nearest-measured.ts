/** The recorded run, kept out of the profile's fit, that is most like a simulated one: how well was that one predicted? */
import type { Answer, Profile } from "../../../formats/index.js";

type Nearest = Answer["nearest_measured"];

/** Runs are alike by their mean time per output token, which grows with the load. */
const ALIKE_BY = "mean_tpot_ms";

/** `statistic`: the one whose error is wanted, where the recording has it. Null: the profile keeps no recorded runs. */
export function nearestMeasured(
  { held_out_runs: runs = [] }: Profile,
  statistics: Readonly<Record<string, number | null>>,
  statistic: string,
): Nearest {
  const here = statistics[ALIKE_BY];
  if (here === null || here === undefined) return null;
  let nearest: Nearest = null;
  let least = Infinity;
  for (const { recording, metrics } of runs) {
    const like = metrics[ALIKE_BY]?.real;
    if (like == null) continue;
    const distance = Math.abs(Math.log(like / here));
    const name = [statistic, ALIKE_BY].find((key) => metrics[key]?.error != null && statistics[key] != null);
    if (name === undefined || distance >= least) continue;
    const { real, error } = metrics[name]!;
    least = distance;
    nearest = { recording, statistic: name, measured: real!, here: statistics[name]!, error: error! };
  }
  return nearest;
}
