/** The pace of the host in one recorded run, beside the costs of a profile: read from its step log, where both allow it. */
import type { Profile } from "../../../formats/index.js";
import { usualCosts } from "./fit-pace.js";
import { meanPace, pacePath, paceTable, settingsOf, type RecordedRun, timelineOf } from "../recording/index.js";

/**
 * Mean pace over the time in which the host was at work, and over that the pace by time, which ends with the recording;
 * null: unknown, and why.
 */
export type RunPace =
  | { readonly pace: number; readonly paceAt: (atNs: number) => number }
  | { readonly pace: null; readonly reason: string };

/** Fewer calls are a moment, not a run. */
const MIN_CALLS = 50;

export function runPaceOf({ cost }: Profile, recorded: RecordedRun): RunPace {
  const { steps } = recorded;
  if (cost.kind !== "vllm_engine") return { pace: null, reason: "the profile has no host" };
  if (steps === undefined || steps.length === 0) {
    return { pace: null, reason: "the recording has no step log (steps.csv)" };
  }
  if (cost.jitter?.schedule === undefined || cost.jitter.update === undefined) {
    return { pace: null, reason: "the profile was not fitted to step logs: what calls of its host take is not known" };
  }
  const timeline = timelineOf(steps, settingsOf(recorded).graphs);
  if (timeline.calls.length < MIN_CALLS) {
    return { pace: null, reason: `the step log has ${timeline.calls.length} calls, too few to determine a pace` };
  }
  const path = pacePath(timeline, usualCosts(cost));
  const pace = meanPace(path);
  const table = paceTable(path);
  return { pace, paceAt: (atNs) => table(atNs) / pace };
}
