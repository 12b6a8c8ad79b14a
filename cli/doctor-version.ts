/** servesim doctor --profile, --vllm-version, --serve-args: what a version of vLLM makes of settings and flags. */
import { ConfigError } from "../formats/index.js";
import { loadProfile } from "../jobs/inputs/index.js";
import { checkVersion, type AskedOfVersion } from "../real/vllm/server/index.js";
import type { ServerDiagnosis } from "./doctor-server.js";

export interface AskedVersion {
  readonly profile: string | undefined;
  readonly version: string | undefined;
  readonly serveArgs: string | undefined;
}

/** ConfigError where no version is known, or the profile is of no vLLM server. */
export function checkedVersion(asked: AskedVersion): ServerDiagnosis["findings"] {
  return checkVersion(askedOf(asked)).map(({ what, state, detail }) => ({ what, state, detail }));
}

function askedOf({ profile: name, version, serveArgs }: AskedVersion): AskedOfVersion {
  if (name === undefined) {
    if (version !== undefined) return { version, serveArgs };
    throw new ConfigError(
      "--serve-args are flags of a version of vLLM, give --vllm-version, --profile or --base-url too",
    );
  }
  const { engine } = loadProfile(name);
  if (engine.name !== "vllm") {
    throw new ConfigError(`--profile ${name}: got a profile of ${engine.name}, expected one of a vLLM server`);
  }
  return { version: version ?? engine.version, serveArgs, settings: engine.settings };
}
