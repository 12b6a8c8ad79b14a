/** servesim doctor --base-url: whether a running server can be measured, line by line, and what to do where it cannot. */
import { BackendError } from "../formats/index.js";
import { shownUrl, type ServerRef } from "../real/vllm/index.js";
import { checkServer, type CheckOptions, type ServerFinding } from "../real/vllm/server/index.js";

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
