/** A recorded vLLM run as the fit takes it: what the client saw, the server's settings, and its steps where they were logged. */
import { ArtifactError, check, type EngineStepRecord, type Run } from "../../../formats/index.js";
import { DEFAULT_VERSION, defaultCaptureSizes, GraphSizes, rulesOf, serverSettings } from "../../../sim/index.js";

export interface RecordedRun {
  /** Where it came from, for messages. */
  readonly name: string;
  readonly run: Run;
  readonly steps?: readonly EngineStepRecord[] | undefined;
}

/** Whether the run's requests are probes, sent alone or in groups, not traffic. */
export function isProbes({ run }: RecordedRun): boolean {
  return run.info.load.kind === "probes";
}

/** Settings that decide how the recording's times are read; ArtifactError where it lacks one. */
export function settingsOf({ name, run }: RecordedRun): { readonly isAsync: boolean; readonly graphs: GraphSizes } {
  const settings = check(serverSettings, run.info.engine.settings, { source: `${name}/run.json engine.settings` });
  const { max_num_seqs: maxNumSeqs, max_num_batched_tokens: budget, async_scheduling: isAsync } = settings;
  if (maxNumSeqs === undefined || budget === undefined) {
    throw new ArtifactError(
      `${name}/run.json: engine.settings lacks max_num_seqs or max_num_batched_tokens, expected the server's settings`,
    );
  }
  const isEager = settings.enforce_eager === true || run.info.engine.settings.cudagraph_mode === "NONE";
  const sizes = isEager ? [] : settings.cudagraph_capture_sizes;
  const rules = rulesOf(run.info.engine.version ?? DEFAULT_VERSION);
  const graphs = new GraphSizes(sizes ?? defaultCaptureSizes(maxNumSeqs, budget, rules), maxNumSeqs);
  return { isAsync: isAsync ?? true, graphs };
}

/** Whether not even a lone decode has a CUDA graph. */
export function isEager(recorded: RecordedRun): boolean {
  return settingsOf(recorded).graphs.kind(1, true) === "none";
}
