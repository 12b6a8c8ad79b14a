/** servesim doctor --base-url: whether a running server can be measured, line by line, and what to do where it cannot. */
import { BackendError, ConfigError } from "../../../formats/index.js";
import { loadProfile } from "../../../jobs/inputs/index.js";
import { shownUrl, type ServerRef } from "../../../real/vllm/index.js";
import {
  checkServer,
  checkVersion,
  type AskedOfVersion,
  type CheckOptions,
  type ServerFinding,
} from "../../../real/vllm/server/index.js";

/** Findings for printing, and how the command ends: with an error (exit 3) when nothing can be measured there. */
export interface ServerDiagnosis {
  readonly findings: readonly Omit<ServerFinding, "isEssential">[];
  readonly failure: BackendError | undefined;
}

export async function diagnoseServer(baseUrl: ServerRef, asked: CheckOptions = {}): Promise<ServerDiagnosis> {
  let found: ServerFinding[];
  try {
    found = await checkServer(baseUrl, asked);
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    return { findings: [{ what: "server", state: "missing", detail: error.message }], failure: error };
  }
  const broken = found.filter(({ isEssential, state }) => isEssential && state === "missing");
  const names = broken.map(({ what }) => what).join(", ");
  return {
    findings: found.map(({ what, state, detail }) => ({ what, state, detail })),
    failure:
      broken.length === 0 ? undefined : new BackendError(`${shownUrl(baseUrl)} cannot be measured: ${names} missing`),
  };
}

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
