/** A recorded run simulated again: its requests under its own settings and load, on a profile of the same model. */
import { ArtifactError, ConfigError, type Load, type Profile, type Run } from "../../formats/index.js";
import { planPolicy, serverSettings } from "../policy/index.js";
import { recordedWorkload } from "../workload/index.js";
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
export function replayRecording(profile: Profile, recording: Run, { seed, jitter, paceAt }: ReplayOptions): Run {
  if (profile.cost.kind !== "vllm_engine") {
    throw new ConfigError(`profile "${profile.name}" is not of a vLLM engine, expected one made by calibrate vllm`);
  }
  const plan = planPolicy("vllm", recordedSettings(recording, profile.model.positions), {
    source: "run.json engine.settings",
  });
  const { requests, ...rest } = recordedWorkload(recording);
  return simulateRun({
    plan,
    profile,
    workload: { requests, ...rest },
    load: recording.info.load as unknown as Load,
    seed,
    coldStart: false,
    jitter,
    paceAt,
  });
}

/** What of a recorded server's settings is modelled; a setting that is not, and matters, is refused by the policy. */
function recordedSettings({ info, requests }: Run, positions: number): Readonly<Record<string, unknown>> {
  if (info.engine.name !== "vllm") {
    throw new ArtifactError(`the recording is of engine "${info.engine.name}", expected a run of vllm`);
  }
  const { settings } = info.engine;
  for (const name of ["speculative_config", "kv_transfer_config", "enable_lora"]) {
    if (settings[name] != null && settings[name] !== false) {
      throw new ConfigError(`run.json engine.settings.${name}: a server with it is not modelled`);
    }
  }
  const known = Object.keys(serverSettings.shape);
  const given = Object.entries(settings).filter(([name, value]) => known.includes(name) && value != null);
  // A server that is not known to have a limit served whatever it answered.
  const lengths = requests.map(({ promptTokens, outputTokens }) => promptTokens + outputTokens);
  const max_model_len = lengths.reduce((most, length) => Math.max(most, length), positions);
  return {
    max_model_len,
    ...Object.fromEntries(given),
    ...(settings.cudagraph_mode === "NONE" ? { enforce_eager: true } : {}),
  };
}
