/** The least that a run of a vLLM server is, for tests of what is done with runs. */
import type { RequestRecord, Run } from "../../formats/index.js";

/** With these requests; `changes` to what run.json says. */
export function smallRun(requests: readonly RequestRecord[], changes: Partial<Run["info"]> = {}): Run {
  return {
    info: {
      version: 1,
      source: "real",
      policy: "vllm",
      engine: { name: "vllm", settings: {} },
      model: { name: "m" },
      hardware: {},
      load: { kind: "open_loop" },
      requests: requests.length,
      ...changes,
    },
    requests,
    batches: [],
  };
}
