/** A load measured several times on a server, and simulated on its profile: are the means near, or inside the spread of the repeats? */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readRun } from "../../../formats/files/index.js";
import { mean } from "../../../sim/index.js";
import { Skip, type CheckContext } from "../run-checks.js";
import { profilePath } from "./calibrate.js";

const REPEATS = 3;
const MAX_ERROR = 0.1;
/** Repeats further apart than this (largest over least mean) say that the machine was not quiet, and judge nothing. */
const MAX_APART = 1.5;

export interface Compared {
  readonly load: readonly string[];
  /** Flags of `simulate` beside the profile's settings. */
  readonly settings?: readonly string[];
  /** Keys of the summary. */
  readonly means: readonly string[];
}

/** What was seen of each mean; an error where one is off by more than 10 % and outside of the repeats. Skip without calibrate's profile. */
export async function agree(context: CheckContext, { load, settings = [], means }: Compared): Promise<string> {
  const { server, folder, shared, servesim } = context;
  const profile = profilePath(shared);
  if (!existsSync(profile)) throw new Skip("no profile, since calibrate made none");
  const real = join(folder, "real");
  const sim = join(folder, "sim");
  const bench = ["bench", "--backend", "vllm", "--base-url", server.baseUrl, "--vocab-size", "8000"];
  await servesim([...bench, ...load, "--num-runs", String(REPEATS), "--output", real]);
  const simulate = ["simulate", "--policy", "vllm", "--profile", profile, "--jitter", "on", ...settings];
  await servesim([...simulate, ...load, "--output", sim]);
  const repeats = Array.from({ length: REPEATS }, (_, i) => (i === 0 ? real : `${real}-r${i + 1}`));
  await servesim(["compare", sim, ...repeats]);
  const meanIn = async (path: string, key: string): Promise<number> =>
    Number((await readRun(path)).info.summary?.[key]);
  const seen: string[] = [];
  const misses: string[] = [];
  for (const key of means) {
    const simulated = await meanIn(sim, key);
    const measured = await Promise.all(repeats.map((path) => meanIn(path, key)));
    const shown = measured.map((value) => value.toFixed(1)).join("/");
    const apart = Math.max(...measured) / Math.min(...measured);
    if (apart > MAX_APART) throw new Skip(`the machine is not quiet: ${key} of the same load was ${shown}`);
    const error = simulated / mean(measured) - 1;
    const isInside = simulated >= Math.min(...measured) && simulated <= Math.max(...measured);
    const line = `${key} ${simulated.toFixed(1)} of ${shown} (${(100 * error).toFixed(1)} %)`;
    (Math.abs(error) <= MAX_ERROR || isInside ? seen : misses).push(line);
  }
  if (misses.length > 0)
    throw new Error(`off by more than ${100 * MAX_ERROR} % and outside of the repeats: ${misses.join("; ")}`);
  return seen.join("; ");
}
