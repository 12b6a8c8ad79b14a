/**
 * The circle closed: a load that no fit has seen, measured three times on the server and simulated on its profile. Means of
 * TTFT and end-to-end latency are within 10 % of the repeats' mean, or inside their spread.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readRun } from "../../../formats/files/index.js";
import { Skip, type Check } from "../run-checks.js";
import { plain } from "../variants.js";
import { profilePath } from "./calibrate.js";

const REPEATS = 3;
const MAX_ERROR = 0.1;
/** Repeats further apart than this (largest over least mean) say that the machine was not quiet, and judge nothing. */
const MAX_APART = 1.5;
const load = [
  ...[
    "--dataset-name",
    "random",
    "--random-input-len",
    "160",
    "--random-output-len",
    "40",
    "--random-range-ratio",
    "0.5",
  ],
  ...["--request-rate", "2", "--num-prompts", "60", "--seed", "agreement"],
];

export const agreement: Check = {
  name: "a load never tried before is predicted",
  variant: plain,
  run: async ({ server, folder, shared, servesim }) => {
    const profile = profilePath(shared);
    if (!existsSync(profile)) throw new Skip("no profile, since calibrate made none");
    const real = join(folder, "real");
    const sim = join(folder, "sim");
    const bench = ["bench", "--backend", "vllm", "--base-url", server.baseUrl, "--vocab-size", "8000"];
    await servesim([...bench, ...load, "--num-runs", String(REPEATS), "--output", real]);
    await servesim(["simulate", "--policy", "vllm", "--profile", profile, "--jitter", "on", ...load, "--output", sim]);
    const repeats = Array.from({ length: REPEATS }, (_, i) => (i === 0 ? real : `${real}-r${i + 1}`));
    await servesim(["compare", sim, ...repeats]);
    const means = async (path: string, key: string): Promise<number> =>
      Number((await readRun(path)).info.summary?.[key]);
    const seen: string[] = [];
    const misses: string[] = [];
    for (const key of ["mean_ttft_ms", "mean_e2el_ms"]) {
      const simulated = await means(sim, key);
      const measured = await Promise.all(repeats.map((path) => means(path, key)));
      const shown = measured.map((value) => value.toFixed(0)).join("/");
      const apart = Math.max(...measured) / Math.min(...measured);
      if (apart > MAX_APART) throw new Skip(`the machine is not quiet: ${key} of the same load was ${shown}`);
      const mean = measured.reduce((sum, value) => sum + value, 0) / measured.length;
      const error = simulated / mean - 1;
      const isInside = simulated >= Math.min(...measured) && simulated <= Math.max(...measured);
      const line = `${key} ${simulated.toFixed(0)} of ${shown} (${(100 * error).toFixed(1)} %)`;
      (Math.abs(error) <= MAX_ERROR || isInside ? seen : misses).push(line);
    }
    if (misses.length > 0)
      throw new Error(`off by more than ${100 * MAX_ERROR} % and outside of the repeats: ${misses.join("; ")}`);
    return seen.join("; ");
  },
};
