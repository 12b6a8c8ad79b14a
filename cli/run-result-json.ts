/** The result of a run that no client of a server saw (a simulation, ONNX Runtime, batches) in vLLM bench's keys, from its summary. */
import { arrivalKeys, compactDate, isResultKey, setupKeys, type Run, type RunInfo } from "../formats/index.js";
import { columnsIn, summarise, type Summary } from "../sim/index.js";

/** What such a result calls its backend. */
export function backendOf({ source, engine }: RunInfo): string {
  return source === "sim" ? "servesim" : `servesim-${engine.name}`;
}

export function runResultJson(run: Run, date: Date): Record<string, unknown> {
  const { info } = run;
  const summary = (info.summary as Summary | undefined) ?? summarise(columnsIn(run));
  return {
    date: compactDate(date),
    ...setupKeys(info, backendOf(info)),
    num_prompts: info.requests,
    ...(info.metadata as object | undefined),
    ...arrivalKeys(info.load),
    // What servesim says beyond vLLM bench stays in run.json.
    ...Object.fromEntries(Object.entries(summary).filter(([key]) => isResultKey(key))),
    source: info.source,
    policy: info.policy,
  };
}
