/** Which shipped profile predicts a recorded run, and whether the run was in its fit. */
import { ConfigError, type Profile } from "../../../formats/index.js";
import { loadOf } from "../../../calibrate/vllm/index.js";

/** Profile of a setting: that of the longest name that the setting's folder begins with. */
const shipped: Readonly<Record<string, string>> = {
  llama8b: "h100-llama-3.1-8b-vllm-0.26",
  "llama8b-m2": "h100-llama-3.1-8b-vllm-0.26-host2",
  "llama8b-sync": "h100-llama-3.1-8b-vllm-0.26-sync",
  gpt2: "h100-gpt2-vllm-0.26",
};

/** Name of the profile for a recording `setting/run`. */
export function profileNameOf(recording: string): string {
  const setting = recording.split("/")[0]!;
  const found = Object.keys(shipped)
    .filter((known) => setting === known || setting.startsWith(`${known}-`))
    .sort((a, b) => b.length - a.length)[0];
  if (found !== undefined) return shipped[found]!;
  throw new ConfigError(
    `${recording}: no shipped profile is of ${setting}, expected a folder that begins with one of ` +
      `${Object.keys(shipped).join(", ")}; give the profile with --profile FILE`,
  );
}

/** Whether a profile's source names the run as one that it was fitted to. */
export function isInFit({ source }: Profile, recording: string): boolean {
  return fitted(source).includes(recording);
}

/** Whether another run of the same load was in the fit, with the same arrivals and lengths. */
export function repeatsFit({ source }: Profile, recording: string): boolean {
  return fitted(source).map(loadOf).includes(loadOf(recording));
}

function fitted(source: string): string[] {
  return source.match(/[\w.-]+\/[\w.-]*\w/g) ?? [];
}
