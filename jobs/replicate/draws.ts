/** Which seed and which draw of the calibration a replication has. */
import type { Profile } from "../../formats/index.js";
import { costDrawCount, shuffled, stream } from "../../sim/index.js";
import type { ReplicationTask } from "./task.js";

/** The first has the seed as given and the profile as it is, later ones `seed/k` and a draw each. */
export function replicationTasks(
  { seed, profile }: { readonly seed: string; readonly profile: Profile },
  count: number,
): ReplicationTask[] {
  // In a seeded order, so that none comes twice before each has come once.
  const all = Array.from({ length: costDrawCount(profile) }, (_, draw) => draw);
  const draws = shuffled(all, stream(`${seed}/calibration-draws`));
  return Array.from({ length: count }, (_, index) => ({
    index,
    seed: index === 0 ? seed : `${seed}/${index}`,
    draw: index === 0 || draws.length === 0 ? null : draws[(index - 1) % draws.length]!,
  }));
}
