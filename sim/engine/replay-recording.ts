/** A recorded run simulated again: its requests under its own settings and load, on a profile of the same model. */
import { ArtifactError, ConfigError, type Load, type Profile, type Run } from "../../formats/index.js";
import { planPolicy, serverSettings, VERSION_PATTERN } from "../policy/index.js";
import { recordedWorkload, rejectUnmodelled } from "../workload/index.js";
import type { SimulatedRunInput } from "./run-input.js";
import { simulateRun } from "./simulate-run.js";

export interface ReplayOptions {
  /** Of the jitter. */
  readonly seed: string;
  /** Whether times vary as the profile has measured; off: every time is its mean. */
  readonly jitter: boolean;
  /** Of the jitter's pace: its path, as the recording has it; absent: drawn with the seed. */
  readonly paceAt?: ((atNs: number) => number) | undefined;
}

/** ConfigError for a profile or recording of something else than a vLLM server. */
export function replayRecording(profile: Profile, recording: Run, options: ReplayOptions): Run {
  return simulateRun(replayInput(profile, recording, options));
}

/** What is simulated when a recording is simulated again; ConfigError as above. */
export function replayInput(
  profile: Profile,
  recording: Run,
  { seed, jitter, paceAt }: ReplayOptions,
): SimulatedRunInput {
  if (profile.cost.kind !== "vllm_engine") {
    throw new ConfigError(`profile "${profile.name}" is not of a vLLM engine, expected one made by calibrate vllm`);
  }
  const plan = planPolicy("vllm", recordedSettings(recording, profile.model.positions), {
    source: "run.json engine.settings",
  });
  const { requests, ...rest } = recordedWorkload(recording);
  return {
    plan,
    profile,
    workload: { requests, ...rest },
    // As run.json describes it: its own kind takes the place of the one that describeLoad would find.
    load: recording.info.load as unknown as Load,
    seed,
    coldStart: false,
    jitter,
    paceAt,
  };
}

/** What of a recorded server's settings is modelled; a setting that is not, and matters, is rejected by the policy. */
function recordedSettings({ info, requests }: Run, positions: number): Readonly<Record<string, unknown>> {
  if (info.engine.name !== "vllm") {
    throw new ArtifactError(`the recording is of engine "${info.engine.name}", expected a run of vllm`);
  }
  rejectUnmodelled({ info, requests, batches: [] }, "the recording");
  const { settings } = info.engine;
  const known = Object.keys(serverSettings.shape);
  const given = Object.entries(settings).filter(([name, value]) => known.includes(name) && value != null);
  // A server that is not known to have a limit served whatever it answered.
  const lengths = requests.map(({ promptTokens, outputTokens }) => promptTokens + outputTokens);
  const max_model_len = lengths.reduce((most, length) => Math.max(most, length), positions);
  const { version } = info.engine;
  return {
    // A server of no known version is taken for one of the profile's.
    ...(version !== undefined && VERSION_PATTERN.test(version) ? { vllm_version: version } : {}),
    max_model_len,
    ...Object.fromEntries(given),
    ...(settings.cudagraph_mode === "NONE" ? { enforce_eager: true } : {}),
  };
}
