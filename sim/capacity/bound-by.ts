/**
 * What limits a server that is kept full. A limit that stopped admissions binds if the server does more when it is
 * doubled; where none does, the busiest clock binds.
 */
import { stopNames, type AdmissionStops, type SimulatedRunInput } from "../engine/index.js";
import { admissionLimits, type AdmissionLimit } from "../policy/index.js";
import { busiestClock, busyMs } from "./busy.js";
import { ifItWorks, withTwice } from "./doubled-limit.js";
import { everyOf, mixOf } from "./mix.js";
import { saturate, type Saturated } from "./saturate.js";
import { mean } from "../metrics/index.js";

export const boundNames = ["gpu", "host", "front_end", "seats", "kv_blocks", "token_budget"] as const;
export type BoundName = (typeof boundNames)[number];

/** Share of all passes that a limit must have stopped to be considered. */
const STOPPING_SHARE = 0.2;
/** What doubling a limit must gain for it to bind. */
const MIN_GAIN = 0.05;
/** Share of the largest batch size from which on memory is not what keeps batches small. */
const NEARLY_ALL = 0.9;

/** `measured`: requests of the runs with a limit doubled. */
export function boundBy(input: SimulatedRunInput, saturated: Saturated, measured: number): BoundName {
  let best: { readonly limit: AdmissionLimit; readonly gain: number } | undefined;
  const mix = mixOf(input, everyOf(input));
  for (const limit of stopping(input, saturated)) {
    const doubled = ifItWorks(() => saturate(twice(input, limit, saturated), mix, measured));
    if (doubled === undefined) continue;
    const gain = doubled.rate.requestsPerS / saturated.rate.requestsPerS - 1;
    if (gain >= MIN_GAIN && gain > (best?.gain ?? 0)) best = { limit, gain };
  }
  return best?.limit ?? busiestClock(busyMs(saturated.run.info));
}

/** The limits that stopped admissions. */
function stopping({ plan }: SimulatedRunInput, { run, isClientBound }: Saturated): AdmissionLimit[] {
  if (plan.work === "batch") {
    const { batch_size: size, max_batch_size: most = size } = plan.settings as Record<string, number>;
    const later = run.batches.slice(Math.floor(run.batches.length / 2));
    const limit = mean(later.map((batch) => batch.limit));
    return limit >= NEARLY_ALL * most! ? ["seats"] : ["kv_blocks"];
  }
  const stops = run.info.admission_stops as AdmissionStops;
  const passes = stopNames.reduce((sum, name) => sum + stops[name], 0);
  const found = admissionLimits.filter((name) => stops[name] >= STOPPING_SHARE * passes);
  return isClientBound && !found.includes("seats") ? ["seats", ...found] : found;
}

/** The same server with twice as much of a limit. */
function twice(input: SimulatedRunInput, limit: AdmissionLimit, { isClientBound }: Saturated): SimulatedRunInput {
  const { workload } = input;
  if (limit === "seats" && isClientBound) {
    return { ...input, workload: { ...workload, maxConcurrency: 2 * workload.maxConcurrency } };
  }
  return withTwice(input, limit).input;
}
