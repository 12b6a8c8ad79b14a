/**
 * Replays scenarios recorded from vLLM's own scheduler classes (format 1 of the vLLM golden files) under the rules of the
 * version they were recorded from, and compares every field of every schedule and update: tokens in order, admissions,
 * victims, aborts, queues, block tables, free queue, outputs, finish reasons, prefix-cache counts.
 */
import { check, defined } from "../../formats/index.js";
import { assumedOf } from "../../sim/policy/vllm/versions.js";
import type { GoldenReport } from "./report.js";
import { decisions } from "./vllm-drive.js";
import { versionOf, vllmGolden, type Event, type Scenario } from "./vllm-file.js";

/**
 * Replays a whole file. After a scenario's first difference its remaining events count as not identical. Scenarios with
 * drafts need speculative decoding, which is not modelled: they are skipped, and named.
 */
export function replayVllm(file: unknown, source: string): GoldenReport {
  const golden = check(vllmGolden, file, { source });
  const { version, note } = versionOf(golden);
  const notes = [note, assumedOf(version)].filter((text) => text !== undefined);
  const drafts = ({ config }: Scenario): boolean => config.spec != null;
  const skipped = golden.scenarios.filter(drafts).map(({ name }) => name);
  const scenarios = golden.scenarios.filter((scenario) => !drafts(scenario));
  const report = { scenarios: scenarios.length, identicalScenarios: 0, events: 0, identicalEvents: 0 };
  let firstDifference: string | undefined;
  for (const scenario of scenarios) {
    const got = decisions(scenario, version);
    const events = Math.max(got.length, scenario.events.length);
    let same = 0;
    let difference: string | undefined;
    while (same < events && (difference = compareEvent(got[same], scenario.events[same])) === undefined) same++;
    report.events += events;
    report.identicalEvents += same;
    if (difference === undefined) report.identicalScenarios++;
    else firstDifference ??= `scenario ${scenario.name}: event ${same} ${difference}`;
  }
  return {
    ...report,
    ...(skipped.length > 0 ? { skipped } : {}),
    ...(notes.length > 0 ? { notes } : {}),
    ...defined({ firstDifference }),
  };
}

/** What differs first between two events, in full. */
function compareEvent(got: Event | undefined, expected: Event | undefined): string | undefined {
  const { ev, loop, step } = (expected ?? got)!;
  const where = `(${ev} of step ${step}, loop ${loop})`;
  if (got === undefined || expected === undefined) {
    return `${where}: got ${canonical(got)}, expected ${canonical(expected)}`;
  }
  for (const [field, value] of Object.entries(expected)) {
    // Victims are recorded as a set.
    const normal =
      field === "preempted" ? (list: unknown): string => canonical([...(list as string[])].sort()) : canonical;
    const text = normal(value);
    const ours = normal((got as Record<string, unknown>)[field]);
    if (ours !== text) return `${where}: ${field}: got ${ours}, expected ${text}`;
  }
  return undefined;
}

/** JSON with the keys of objects in order. */
function canonical(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null || typeof value !== "object" || Array.isArray(value)) return JSON.stringify(value);
  return JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))));
}
