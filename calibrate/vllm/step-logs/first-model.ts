/** Where the fit of an engine to its step logs starts. Times in ns. */
import { quantileOf, type GraphKind } from "../../../sim/index.js";
import type { EngineLog, EngineModel, LaunchTimes } from "./engine-model.js";
import { typicalLead } from "./fit-launches.js";
import { TYPICAL_OVERLAP } from "./fit-overlap.js";

/** Results reach the host this long after the GPU has them; not told apart from GPU time by any log. */
export const COPY_NS = 76_000;

/** A start that reading can improve on: decodes as long as they seem, launches as they are on known servers. */
export function firstModel(logs: readonly EngineLog[]): EngineModel {
  const gaps: number[] = [];
  const perToken: number[] = [];
  for (const { timeline } of logs) {
    for (const step of timeline.steps) {
      const { record, previous, updateStartNs } = step;
      const sinceNs = updateStartNs - Math.max(previous?.updateStartNs ?? -Infinity, step.scheduleEndNs);
      if (!(sinceNs > 0)) continue;
      if (record.prefillTokens === 0) gaps.push(sinceNs);
      else if (record.scheduledTokens > 1000) perToken.push(sinceNs / record.scheduledTokens);
    }
  }
  const decodeNs = gaps.length === 0 ? 1e6 : quantileOf(gaps, 0.25);
  const drained = drainedLaunches(logs, decodeNs);
  const launch = (kind: GraphKind, ns: number): LaunchTimes => ({
    baseNs: ns,
    requestNs: 0,
    lead: typicalLead[kind],
    overlapPower: kind === "full" ? Infinity : TYPICAL_OVERLAP,
    p90Ratio: 1.3,
  });
  return {
    copyNs: COPY_NS,
    gpu: {
      decode_base_ns: 0.9 * decodeNs,
      decode_padded_token_ns: 0,
      context_token_ns: 0,
      mixed_base_ns: 0.9 * decodeNs,
      prefill_base_ns: 0,
      prefill_padded_token_ns: perToken.length === 0 ? decodeNs / 300 : quantileOf(perToken, 0.4),
      attention_pair_ns: 0,
    },
    launch: {
      full: launch("full", drained.length < 20 ? 0.5 * decodeNs : quantileOf(drained, 0.25)),
      piecewise: launch("piecewise", 1.5 * decodeNs),
      none: launch("none", 3 * decodeNs),
    },
  };
}

/** Launches of decodes after a step whose own launch took so long that the GPU was done with it, whatever it needs. */
function drainedLaunches(logs: readonly EngineLog[], decodeNs: number): number[] {
  return logs.flatMap(({ timeline }) =>
    timeline.steps.flatMap(({ kind, previous, shownBy, scheduleEndNs }) => {
      if (kind !== "full" || previous === undefined || previous.kind === "full" || shownBy !== previous) return [];
      const before = previous.shownBy;
      if (before === undefined || before === previous || previous.record.prefillTokens > 500) return [];
      const isLong = before.updateStartNs - previous.scheduleEndNs > 1.5 * decodeNs;
      return isLong && shownBy.updateStartNs > 0 ? [shownBy.updateStartNs - scheduleEndNs] : [];
    }),
  );
}
