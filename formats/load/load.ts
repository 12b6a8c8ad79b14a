/**
 * A load: which requests come when. Lengths come from prompts, a trace or a distribution; arrivals from the trace, a
 * rate or a number of clients. Here are the rules across its keys (load-shape.ts).
 */
import { z } from "zod";
import { datasetNames, datasetShape, loadShape, traceShape, type Load } from "./shape.js";

/** How requests arrive. `request_rate` in requests/s (absent: all at once), `burstiness` 1 is Poisson. */
export const loadSchema = z.strictObject(loadShape).superRefine((load, context) => {
  const checked: Checked = {
    load,
    given: (key) => load[key] !== undefined,
    reject: (key, message) => {
      context.addIssue({ code: "custom", path: [key], message, input: load[key] });
    },
  };
  checkOwners(checked);
  checkLengths(checked);
  checkSessions(checked);
  checkRates(checked);
  checkTraceTimes(checked);
  checkRetries(checked);
  checkAnswerEnds(checked);
  if (checked.given("classes") && checked.given("priorities"))
    checked.reject("priorities", "classes have their own priorities, expected one of the two");
});

interface Checked {
  readonly load: Load;
  readonly given: (key: keyof Load) => boolean;
  readonly reject: (key: keyof Load, message: string) => void;
}

const datasetOf = ({ dataset_name: name = "prompts" }: Load): string => name;

/** Keys of a dataset or a trace need it. */
function checkOwners({ load, given, reject }: Checked): void {
  const dataset = datasetOf(load);
  if (load.workload !== undefined && given("dataset_name"))
    reject("dataset_name", "workload has lengths, expected one of the two");
  for (const key of Object.keys(datasetShape) as (keyof typeof datasetShape)[]) {
    const owner = key === "input_len" ? "fixed" : datasetNames.find((name) => key.startsWith(`${name}_`));
    if (given(key) && owner !== dataset) reject(key, `expected dataset_name ${owner ?? ""} with it, not ${dataset}`);
  }
  for (const key of Object.keys(traceShape) as (keyof typeof traceShape)[]) {
    if (given(key) && load.workload === undefined) reject(key, "expected a workload (a trace) with it");
  }
}

function checkLengths({ load, given, reject }: Checked): void {
  const dataset = datasetOf(load);
  if (dataset === "fixed" && load.input_len === undefined)
    reject("input_len", "expected prompt tokens, dataset_name is fixed");
  for (const which of ["input", "output"] as const) {
    if (dataset === "zipf" && !given(`zipf_${which}_max`))
      reject(`zipf_${which}_max`, "expected most tokens, dataset_name is zipf");
    if (dataset !== "lognormal") continue;
    if (!given(`lognormal_${which}_mean`))
      reject(`lognormal_${which}_mean`, "expected a mean, dataset_name is lognormal");
    const spreads = (["sigma", "cv", "p99"] as const).filter((name) => given(`lognormal_${which}_${name}`));
    if (spreads.length !== 1) {
      reject(`lognormal_${which}_${spreads[1] ?? "sigma"}`, "expected exactly one of sigma, cv and p99");
    }
  }
}

function checkAnswerEnds({ load, reject }: Checked): void {
  const { output_min_tokens: least = 1, output_max_tokens: most = Infinity } = load;
  if (least > most) reject("output_min_tokens", `expected at most output_max_tokens, ${most}`);
}

function checkSessions({ load, given, reject }: Checked): void {
  const isOfSessions = datasetOf(load) === "sessions";
  if (isOfSessions && !given("max_sessions") && !given("session_rate"))
    reject("dataset_name", "expected max_sessions or session_rate with sessions");
  if (isOfSessions || load.workload !== undefined) return;
  for (const key of ["num_sessions", "max_sessions", "session_rate"] as const)
    if (given(key)) reject(key, "expected dataset_name sessions or a workload of sessions with it");
}

function checkRetries({ load, given, reject }: Checked): void {
  if (given("retry_backoff_s") && (load.retries ?? 0) === 0) reject("retry_backoff_s", "expected retries with it");
}

function checkRates({ load, given, reject }: Checked): void {
  if (given("utilisation") && (given("request_rate") || given("max_concurrency") || given("workload"))) {
    reject("utilisation", "it sets the rate of an open loop, expected no request_rate, max_concurrency or workload");
  }
  const rampKeys = ["ramp_up_strategy", "ramp_up_start_rps", "ramp_up_end_rps"] as const;
  if (rampKeys.some(given)) {
    for (const key of rampKeys)
      if (!given(key)) reject(key, "expected ramp_up_strategy, _start_rps and _end_rps together");
    if (given("request_rate")) reject("request_rate", "the ramp-up has its own rates, expected one of the two");
  }
  if (load.rescale_to_rate === true && load.request_rate === undefined) {
    reject("rescale_to_rate", "expected a request_rate with it");
  }
}

function checkTraceTimes({ load, given, reject }: Checked): void {
  if (given("time_scale") && given("trace_rate"))
    reject("time_scale", "trace_rate scales too, expected one of the two");
  if (load.self_timed === false) {
    for (const key of ["time_scale", "trace_rate", "unbin"] as const) {
      if (given(key)) reject(key, "self_timed is false, the trace's times are not used");
    }
  }
  if ((load.slice_start_s ?? 0) >= (load.slice_end_s ?? Infinity))
    reject("slice_end_s", "expected more than slice_start_s");
}
