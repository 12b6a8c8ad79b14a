/**
 * Fits the profiles of vLLM servers that ship (profiles/h100-*-vllm-*.json) to the recordings, scores them on runs kept out
 * of their fit and writes them: `npm run -s profiles:vllm [-- --data DIR] [--only NAME]`.
 */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { calibrateVllm, loadOf, withRunPaces, type RecordedRun } from "../../calibrate/vllm/index.js";
import { readRecordings, heldOutRun, scoreHeldOut } from "../../jobs/replay/index.js";
import { ConfigError, type Profile, type VllmEngineCost } from "../../formats/index.js";
import { readProfile, writeProfile } from "../../formats/files/index.js";
import { columnsOf, summarise } from "../../sim/index.js";
import { runScript } from "../original-suite/run-script.js";

interface ShippedProfile {
  readonly name: string;
  readonly fit: readonly string[];
  readonly heldOut: readonly string[];
  /** The profile whose costs are kept: all of them where the host's pace alone is enough, else those of the GPU. */
  readonly base?: string;
  /** What these runs do not show, measured on others of the same server. */
  readonly largeGraph?: VllmEngineCost["gpu"]["large_graph"];
}

const kept = ["poisson-light-r2", "poisson-light-r3", "poisson-medium-r2", "poisson-medium-r3", "closed-c10-r1", "closed-c10-r2"]; // prettier-ignore
const used = ["probes", "poisson-light-r1", "poisson-medium-r1"];
const within = (setting: string, runs: readonly string[]): string[] => runs.map((run) => `${setting}/${run}`);

const LLAMA = "h100-llama-3.1-8b-vllm-0.26";
const m2 = "llama8b-m2/poisson-medium-r1";
const sync = "llama8b-sync/poisson-medium-r1";
/**
 * Steps of a graph of more than 256 tokens, which a server with `max_num_seqs` 128 does not capture: +0.85 and +1.28 ms over the line,
 * measured on the same server with `max_num_seqs` 256, whose recordings are kept apart.
 */
const largeGraph = { beyond: 256, upto: 512, extra_ns: 1.1e6 };
const LARGE_GRAPH_NOTE =
  "GPU time of prefills by graphs of more than 256 tokens: 1.1 ms more is assumed, as measured on the same server with max_num_seqs 256";
const shipped: readonly ShippedProfile[] = [
  // The synchronous run shows how launch and GPU of a step overlap; host 2, whose run it is, has one number of its own.
  { name: LLAMA, fit: [...within("llama8b", used), sync], heldOut: within("llama8b", kept), largeGraph },
  { name: `${LLAMA}-host2`, fit: [m2], heldOut: [], base: LLAMA },
  { name: `${LLAMA}-sync`, fit: [sync], heldOut: [], base: LLAMA },
  { name: "h100-gpt2-vllm-0.26", fit: within("gpt2", used), heldOut: within("gpt2", kept) },
];

/** From here on identical runs differ so much that the host must have drifted. */
const DRIFT = 0.1;

const { values } = parseArgs({
  options: {
    data: { type: "string", default: "../shared/data/vllm-h100" },
    only: { type: "string" },
    effort: { type: "string", default: "1" },
  },
});

await runScript(async () => {
  if (!existsSync(values.data)) throw new ConfigError(`${values.data}: no such folder, give --data FOLDER`);
  const chosen = shipped.filter(({ name }) => values.only === undefined || values.only === name);
  if (chosen.length === 0) {
    throw new ConfigError(`--only ${values.only}: expected one of ${shipped.map(({ name }) => name).join(", ")}`);
  }
  for (const one of chosen) await make(one);
  return 0;
});

async function make({ name, fit, heldOut, base, largeGraph: large }: ShippedProfile): Promise<void> {
  const read = (names: readonly string[]): ReturnType<typeof readRecordings> =>
    readRecordings(names.map((run) => join(values.data, run)));
  const [runs, keptOut] = [await read(fit), await read(heldOut)];
  const fitted = await calibrateVllm(runs, {
    name,
    isBlackBox: false,
    effort: Number(values.effort),
    ...(base === undefined ? {} : { base: readProfile(fileOf(base)) }),
  });
  const withGraphCost = large === undefined ? fitted : withLargeGraph(fitted, large);
  const profile = withRunPaces(withGraphCost, [...runs, ...keptOut]);
  const reports = scoreHeldOut(withGraphCost, { runs, heldOut: keptOut }, "1");
  const scores = reports.map(heldOutRun);
  const notes = [...(profile.notes ?? []), ...driftNotes([...runs, ...keptOut])];
  const raw = `raw/vllm-h100/${fit[0]!.split("/")[0]!}`;
  writeProfile(fileOf(name), { ...profile, notes, raw, ...(scores.length === 0 ? {} : { held_out_runs: scores }) });
  const meanErrors = reports.map(({ recording, metrics }) => {
    const errors = [metrics.mean_ttft_ms, metrics.mean_tpot_ms, metrics.mean_e2el_ms].map(({ error }) => 100 * error!);
    return [recording, ...errors.map((error) => `${error.toFixed(1)} %`)].join("  ");
  });
  console.log([`${basename(fileOf(name))}: mean ttft, tpot, e2el of runs kept out`, ...meanErrors].join("\n  "));
}

function withLargeGraph(profile: Profile, large: NonNullable<ShippedProfile["largeGraph"]>): Profile {
  const { cost, notes = [] } = profile;
  if (cost.kind !== "vllm_engine") return profile;
  return {
    ...profile,
    cost: { ...cost, gpu: { ...cost.gpu, large_graph: large } },
    notes: [...notes, LARGE_GRAPH_NOTE],
  };
}

function fileOf(name: string): string {
  return join("profiles", `${name}.json`);
}

/** How much identical runs differ where that is more than a profile can be asked for. */
function driftNotes(recordings: readonly RecordedRun[]): NonNullable<Profile["notes"]> {
  const times = new Map<string, number[]>();
  for (const { name, run } of recordings) {
    const load = loadOf(name);
    times.set(load, [...(times.get(load) ?? []), summarise(columnsOf(run.requests)).mean_tpot_ms!]);
  }
  const most = Math.max(0, ...[...times.values()].map((ms) => Math.max(...ms) / Math.min(...ms) - 1));
  if (most < DRIFT) return [];
  const percent = `${Math.round(100 * most)} %`;
  return [
    `the recorded host drifts: mean time per output token of identical runs differs by up to ${percent}, and so do errors on single runs`,
  ];
}
