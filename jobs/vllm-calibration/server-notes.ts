/** What a reader of a calibration should know of the server and of how it was measured, a sentence each. */
import type { ProbePlan } from "../../calibrate/vllm/index.js";
import type { Run } from "../../formats/index.js";
import { addressOf, INSECURE_NOTE, type ServerRef } from "../../real/vllm/index.js";
import type { ServerSettings } from "../../real/vllm/server/index.js";
import type { PrefixCacheFinding } from "./learn-server.js";
import type { PlanRuns } from "./run-plan.js";

/** What was found out about the server when it was measured. */
export function notesIn({ info }: Run): readonly string[] {
  return Array.isArray(info.server_notes) ? info.server_notes.map(String) : [];
}

/** A profile of a server that may be another says so, as every result made with it does. */
export function insecureNotes(baseUrl: ServerRef): string[] {
  return addressOf(baseUrl).isInsecure ? [INSECURE_NOTE] : [];
}

export function leftNotes({ dropped }: ProbePlan, { skipped }: PlanRuns): string[] {
  const left = [...dropped, ...skipped];
  return left.length > 0 ? [`left out for the budget: ${left.join("; ")}`] : [];
}

export interface ServerFindings {
  readonly runs: PlanRuns;
  readonly settings: ServerSettings;
  readonly cache: PrefixCacheFinding;
  readonly preemptions: number | undefined;
}

/** What is true of the server, and of how it was measured, in every result made with its profile. */
export function serverNotesOf({ runs, settings, cache, preemptions }: ServerFindings): string[] {
  const { unknown, leftOut } = settings;
  return [
    ...(unknown.length > 0 ? [`settings that the server does not report: ${unknown.join(", ")}`] : []),
    ...leftOut.map((what) => `the server uses ${what}, which is not modelled`),
    ...((cache.hitTokens ?? 0) > 0
      ? [
          `the server keeps prompts: ${cache.hitTokens!} of ${cache.promptTokens} tokens of a repeated one were cached; probes never repeat`,
        ]
      : []),
    ...((preemptions ?? 0) > 0
      ? [`${preemptions!} preemptions during the probes, so some times include a recomputation`]
      : []),
    ...runs.notes,
  ];
}
