/** Names a cell by what its result depends on: the same inputs have the same name on every machine, in every sweep. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { ConfigError, type Load, type Profile, type Sweep } from "../../formats/index.js";
import { packageVersion, requireRegular } from "../../formats/files/index.js";
import { planPolicy } from "../../sim/index.js";
import { fingerprint } from "../inputs/index.js";
import type { SweepCell } from "./cells.js";

export type Identify = (cell: Omit<SweepCell, "id">) => string;

interface Inputs {
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly loads: readonly Load[];
}

/** Files count by what is in them, settings with their defaults; results of another version of servesim are other results. */
export function identifier(sweep: Sweep, { profiles, loads }: Inputs): Identify {
  const { replications, jitter, prompts, router, router_beta } = sweep;
  const prints = new Map([...profiles].map(([name, profile]) => [name, fingerprint(profile)]));
  const files = new Map<string, string>();
  for (const path of [prompts, ...loads.map(({ workload }) => workload)]) {
    if (path !== undefined && !files.has(path)) files.set(path, hashOf(path));
  }
  const common = { servesim: packageVersion(), router, router_beta, replications, jitter, prompts: files.get(prompts ?? "") }; // prettier-ignore
  const resolved = new Map<string, string>();
  const settingsPrint = (policy: string, settings: SweepCell["settings"]): string => {
    const key = JSON.stringify([policy, settings]);
    let print = resolved.get(key);
    if (print === undefined) {
      print = fingerprint(planPolicy(policy, settings, { source: policy }).settings);
      resolved.set(key, print);
    }
    return print;
  };
  return ({ policy, settings, profile, load, seed, replicas }) => {
    const content = files.get(load.workload ?? "");
    const own = { policy, settings: settingsPrint(policy, settings), profile: prints.get(profile), seed, replicas };
    return fingerprint({ ...common, ...own, load: { ...load, label: undefined, workload: content } }).slice(0, 16);
  };
}

function hashOf(path: string): string {
  try {
    requireRegular(path);
    return createHash("sha256").update(readFileSync(path)).digest("hex");
  } catch (cause) {
    throw new ConfigError(`cannot read ${path}; expected a file, its path from the folder of the sweep's file`, {
      cause,
    });
  }
}
