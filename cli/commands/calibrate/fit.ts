/** Fits a profile to recorded runs of a vLLM server, scores it on those kept out, writes and prints it. */
import { FitRejected } from "../../../calibrate/fit/index.js";
import { calibrateVllm, withRunPaces, type RecordedRun } from "../../../calibrate/vllm/index.js";
import { writeProfile } from "../../../formats/files/index.js";
import { ConfigError, type Profile } from "../../../formats/index.js";
import { loadProfile } from "../../../jobs/inputs/index.js";
import {
  gateHeldOut,
  heldOutRun,
  replayMetrics,
  replayStatistics,
  scoreHeldOut,
  type ReplayReport,
} from "../../../jobs/replay/index.js";
import { rejectUnmodelled } from "../../../sim/index.js";
import { errorText, note, printJson, printProfile, printTable, warn } from "../../printing/index.js";
import { startProgress } from "../../process/index.js";

export interface FitRequest {
  readonly runs: readonly RecordedRun[];
  readonly heldOut: readonly RecordedRun[];
  /** About the measurements, to be kept in the profile. */
  readonly notes?: readonly string[] | undefined;
  readonly flags: {
    readonly name?: string | undefined;
    readonly output: string;
    readonly black_box: boolean;
    readonly refit?: "host" | undefined;
    readonly base?: string | undefined;
    readonly seed: string;
    readonly json: boolean;
  };
}

export async function fitRecordings({ runs, heldOut, flags, notes: measured = [] }: FitRequest): Promise<void> {
  for (const { name, run } of heldOut) rejectUnmodelled(run, name);
  const fitted = await fit({ runs, flags });
  const scores = scoreHeldOut(fitted, { runs, heldOut }, flags.seed);
  const { missed, undecided } = gateHeldOut(scores);
  rejectBadFit(missed);
  const profile = withRunPaces(fitted, [...runs, ...heldOut]);
  const notes = [...(profile.notes ?? []), ...measured, ...undecided];
  const scored: Profile = {
    ...profile,
    notes,
    ...(scores.length === 0 ? {} : { held_out_runs: scores.map(heldOutRun) }),
  };
  writeProfile(flags.output, scored);
  note(`profile written to ${flags.output}`);
  if (flags.json) printJson(scored);
  else {
    printProfile(scored);
    if (scores.length > 0) printScores(scores);
  }
  if (scores.length === 0)
    warn("no run was kept out of the fit (--held-out DIR...): its error on other loads is unknown");
  for (const line of [...notes, ...(profile.server_notes ?? [])]) warn(line);
}

async function fit({ runs, flags }: Pick<FitRequest, "runs" | "flags">): Promise<Profile> {
  const { model, engine } = runs[0]!.run.info;
  const base = baseOf(flags);
  const bar = startProgress("fitting");
  try {
    return await calibrateVllm(runs, {
      name: flags.name ?? `${model.name}-vllm-${engine.version ?? "unknown"}`,
      isBlackBox: flags.black_box,
      base,
      onProgress: (done, total, what) => {
        bar.update(done, total, what);
      },
    });
  } finally {
    bar.stop();
  }
}

function baseOf({ refit, base }: FitRequest["flags"]): Profile | undefined {
  if (refit === undefined && base === undefined) return undefined;
  if (refit === undefined || base === undefined) {
    throw new ConfigError(
      "give --refit host and --base PROFILE together; the base is the profile whose GPU costs are kept",
    );
  }
  return loadProfile(base);
}

function rejectBadFit(missed: readonly string[]): void {
  if (missed.length === 0) return;
  throw new FitRejected([
    "the model misses the runs kept out of the fit; no profile was written",
    ...missed,
    "fit to loads more like those, or to more of them; overload and a drifting host cannot be predicted that closely",
  ]);
}

function printScores(scores: readonly ReplayReport[]): void {
  const keys = replayStatistics.flatMap((stat) => replayMetrics.map((metric) => `${stat}_${metric}_ms` as const));
  printTable(
    ["held out", ...keys.map((key) => key.replace("_ms", "").replace("_", " "))],
    scores.map(({ recording, metrics }) => [recording, ...keys.map((key) => errorText(metrics[key].error))]),
  );
}
