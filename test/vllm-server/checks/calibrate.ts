/** servesim calibrate vllm on a real server: within its budget, probes of every kind, three loads, settings all known. */
import { join } from "node:path";
import type { Profile } from "../../../formats/index.js";
import { readRun } from "../../../formats/files/index.js";
import type { Check } from "../run-checks.js";
import { plain } from "../variants.js";

const BUDGET_S = 150;

type HeldOut = NonNullable<Profile["held_out_runs"]>[number];

/** Where the profile is for the checks after this one. */
export function profilePath(shared: string): string {
  return join(shared, "profile.json");
}

export const calibrate: Check = {
  name: "calibrate measures within its budget, fits, and holds on a load kept out of the fit",
  variant: plain,
  run: async ({ server, shared, servesim }) => {
    const output = profilePath(shared);
    const startS = process.uptime();
    const budget = ["--budget", `${BUDGET_S}s`];
    const out = await servesim([
      "calibrate",
      "vllm",
      "--base-url",
      server.baseUrl,
      ...budget,
      "--output",
      output,
      "--json",
    ]);
    const { held_out_runs: heldOut, cost } = JSON.parse(out) as Profile;
    if (heldOut?.length !== 2) throw new Error(`held out: got ${heldOut?.length ?? 0} loads, expected 2`);
    if (cost.kind !== "vllm_engine" || cost.gpu.on_host !== true)
      throw new Error("gpu.on_host: expected on a CPU server");
    const tookS = process.uptime() - startS;
    const raw = `${output}.raw`;
    const { requests, info } = await readRun(join(raw, "probes"));
    const kinds = new Set(requests.map(({ extra }) => extra!.probe!.replaceAll(/\d+/g, "#")));
    for (const kind of ["prefill-p#-o#", "decode-b#-c#", "mixed-b#"]) {
      if (!kinds.has(kind)) throw new Error(`no probe of the form ${kind}, got ${[...kinds].join(", ")}`);
    }
    const wrong = requests.filter(({ status, outputTokens, extra }) => {
      const asked = /-o(\d+)$/.exec(extra!.probe!)?.[1];
      return status !== "ok" || (asked !== undefined && outputTokens !== Number(asked));
    });
    if (wrong.length > 0) throw new Error(`${wrong.length} of ${requests.length} probes failed or have another length`);
    const { max_num_seqs: slots, async_scheduling: isAsync } = info.engine.settings;
    if (slots !== 64 || isAsync !== false) throw new Error(`settings: got ${JSON.stringify(info.engine.settings)}`);
    const loads = await Promise.all(["mixed", "held-out", "held-out-busy"].map((name) => readRun(join(raw, name))));
    const counts = loads.map((load) => load.requests.length);
    const percent = (of: HeldOut, key: string): string => `${(100 * (of.metrics[key]?.error ?? NaN)).toFixed(1)} %`;
    const errors = heldOut.map((of) => {
      const each = ["mean_ttft_ms", "mean_tpot_ms", "mean_e2el_ms"].map((key) => `${key} ${percent(of, key)}`);
      return `${of.recording}: ${each.join(", ")}`;
    });
    return `${requests.length} probes, loads of ${counts.join(", ")} requests, ${tookS.toFixed(0)} s with a budget of ${BUDGET_S} s; held out: ${errors.join("; ")}`;
  },
};
