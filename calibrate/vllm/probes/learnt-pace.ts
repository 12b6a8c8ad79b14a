/**
 * How fast a server is by the probes and the lighter loads that were sent first, closer than the handful of timings before
 * them: enough to plan a load near what it can do. Decode ladders give a step of one and of many requests; what answers of a
 * load took beyond such steps is what the prompts that joined meanwhile held them up by.
 */
import { greatest, type RequestRecord } from "../../../formats/index.js";
import { mean, quantileOf, tpotMs, ttftMs } from "../../../sim/index.js";
import { stepMs, type Pace } from "./probe-pace.js";
import { countBelow, grouped, growthOf } from "../../fit/numerics/index.js";

/** Longer contexts say what attention takes. */
const SHORT_CONTEXT = 64;
/** Lone prefills, and answers of a load, from which on their line or mean says something. */
const MIN_COUNT = { prefills: 4, answers: 20 } as const;

/** `before` where a kind of probe is missing. `loads`: requests of each load. */
export function learntPace(
  probes: readonly RequestRecord[],
  loads: readonly (readonly RequestRecord[])[],
  before: Pace,
): Pace {
  const labelled = (pattern: RegExp): RequestRecord[] =>
    probes.filter(({ status, extra }) => status === "ok" && pattern.test(extra?.probe ?? ""));
  const lone = labelled(/^prefill-/).flatMap((request) => {
    const ms = ttftMs(request);
    return ms === null ? [] : [{ requests: request.promptTokens, ns: ms }];
  });
  const line = lone.length < MIN_COUNT.prefills ? undefined : growthOf(lone);
  const timed = labelled(/^decode-b\d+-c\d+$/).flatMap((request) => {
    const [, batch, context] = /^decode-b(\d+)-c(\d+)$/.exec(request.extra!.probe!)!.map(Number) as [number, number, number]; // prettier-ignore
    const ms = tpotMs(request);
    return context > SHORT_CONTEXT || ms === null ? [] : [{ batch, ms }];
  });
  const steps = grouped(timed, ({ batch }) => batch);
  const stepOf = (batch: number): number | undefined => {
    const known = steps.get(batch)?.map(({ ms }) => ms);
    return known === undefined ? undefined : quantileOf(known, 0.5);
  };
  const largest = Math.max(0, greatest(steps.keys()));
  const learnt: Pace = {
    fixedMs: line?.baseNs ?? before.fixedMs,
    prefillTokenMs: line?.requestNs ?? before.prefillTokenMs,
    decodeStepMs: stepOf(1) ?? before.decodeStepMs,
    ...(largest > 1
      ? { batch: largest, batchStepMs: stepOf(largest)! }
      : { batch: before.batch, batchStepMs: before.batchStepMs }),
  };
  const joins = loads.flatMap((load) => joinOf(load, learnt));
  if (joins.length === 0) return learnt;
  const { baseNs, requestNs } = growthOf(joins);
  return { ...learnt, joinMs: baseNs, prefillTokenMs: requestNs };
}

/**
 * What a prompt of the load's mean length held the running answers up by: what they took beyond decode steps, over the
 * prompts that came meanwhile. None for a load too small to show it.
 */
function joinOf(load: readonly RequestRecord[], pace: Pace): { readonly requests: number; readonly ns: number }[] {
  const answers = load.filter((request) => request.status === "ok" && tpotMs(request) !== null);
  if (answers.length < MIN_COUNT.answers) return [];
  const arrivals = Float64Array.from(answers, ({ arrivalNs }) => arrivalNs).sort();
  const during = (fromNs: number, toNs: number): number => countBelow(arrivals, toNs) - countBelow(arrivals, fromNs);
  const [beganNs, endedNs] = [arrivals[0]!, greatest(answers.map(({ lastTokenNs }) => lastTokenNs!))];
  const spans = answers.map(({ firstTokenNs, lastTokenNs }) => lastTokenNs! - firstTokenNs!);
  const running = spans.reduce((sum, ns) => sum + ns, 0) / (endedNs - beganNs);
  const decodeMs = stepMs(pace, Math.max(1, running));
  let [beyondMs, joined] = [0, 0];
  answers.forEach(({ firstTokenNs, lastTokenNs, outputTokens }, at) => {
    beyondMs += spans[at]! / 1e6 - (outputTokens - 1) * decodeMs;
    joined += during(firstTokenNs!, lastTokenNs!);
  });
  if (joined === 0) return [];
  return [{ requests: mean(answers.map(({ promptTokens }) => promptTokens)), ns: Math.max(0, beyondMs / joined) }];
}
