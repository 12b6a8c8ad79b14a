/**
 * What an engine's step log says of its two clocks. The host schedules step i and launches it, then takes the results of
 * the step before (asynchronous) or of the same step: so the start of an update is the later of the end of the latest
 * launch and the end of the updated step on the GPU. Times in ns.
 */
import type { EngineStepRecord } from "../../../formats/index.js";
import type { GraphKind, GraphSizes } from "../../../sim/index.js";

/** A step with tokens, in order. */
export interface TimedStep {
  readonly record: EngineStepRecord;
  readonly kind: GraphKind;
  readonly paddedTokens: number;
  readonly scheduleEndNs: number;
  /** When its results were taken; NaN: the recording ended before. */
  readonly updateStartNs: number;
  /** The step launched last before its results were taken: itself when it was the only one in flight. */
  latest: TimedStep | undefined;
  /** The update that came after its launch was of this step: its launch may show in it. */
  shownBy: TimedStep | undefined;
  readonly previous: TimedStep | undefined;
  /** Of the host at its launch. */
  pace: number;
  /** Time from the last launch without graphs to its own, ns. */
  readonly sinceEagerNs: number;
}

/** A call of schedule() or update() for a step with tokens. */
export interface HostCall {
  readonly isUpdate: boolean;
  readonly atNs: number;
  readonly requests: number;
  readonly prefillRequests: number;
  readonly ns: number;
}

export interface Timeline {
  readonly steps: readonly TimedStep[];
  /** In order of time. */
  readonly calls: readonly HostCall[];
  /** From the end of an update to the next schedule, where the loop went straight on. */
  readonly sendsNs: readonly number[];
}

/** More than this between an update and the next schedule is waiting, not work. */
const STRAIGHT_ON_NS = 1e6;

export function timelineOf(records: readonly EngineStepRecord[], graphs: GraphSizes): Timeline {
  const steps: TimedStep[] = [];
  const calls: HostCall[] = [];
  const sendsNs: number[] = [];
  const bySteps = new Map<EngineStepRecord, TimedStep>();
  let latest: TimedStep | undefined;
  let isLaunchFresh = false;
  let updatedNs = NaN;
  for (const { record, isUpdate } of callsOf(records)) {
    const { scheduledRequests: requests, prefillRequests, scheduledTokens } = record;
    if (!isUpdate) {
      const sendNs = record.scheduleStartNs - updatedNs;
      if (sendNs >= 0 && sendNs < STRAIGHT_ON_NS) sendsNs.push(sendNs);
      updatedNs = NaN;
      if (scheduledTokens === 0) continue;
      const [atNs, endNs] = [record.scheduleStartNs, record.scheduleEndNs];
      calls.push({ isUpdate, atNs, requests, prefillRequests, ns: endNs - atNs });
      latest = timed(record, graphs, steps.at(-1));
      bySteps.set(record, latest);
      steps.push(latest);
      isLaunchFresh = true;
      continue;
    }
    const updated = bySteps.get(record);
    if (updated !== undefined) {
      updated.latest = latest;
      if (isLaunchFresh && latest !== undefined) latest.shownBy = updated;
      isLaunchFresh = false;
      const [atNs, endNs] = [record.updateStartNs!, record.updateEndNs!];
      calls.push({ isUpdate, atNs, requests, prefillRequests, ns: endNs - atNs });
    }
    updatedNs = record.updateEndNs!;
  }
  return { steps, calls, sendsNs };
}

function timed(record: EngineStepRecord, graphs: GraphSizes, previous: TimedStep | undefined): TimedStep {
  const isEager = previous?.kind === "none" && previous.record.prefillTokens > 0;
  const gapNs = record.scheduleEndNs - (previous?.scheduleEndNs ?? -Infinity);
  return {
    record,
    kind: graphs.kind(record.scheduledTokens, record.prefillTokens === 0),
    pace: 1,
    sinceEagerNs: isEager ? gapNs : gapNs + (previous?.sinceEagerNs ?? Infinity),
    paddedTokens: graphs.paddedTokens(record.scheduledTokens),
    scheduleEndNs: record.scheduleEndNs,
    updateStartNs: record.updateStartNs ?? NaN,
    latest: undefined,
    shownBy: undefined,
    previous,
  };
}

export interface EngineCall {
  readonly record: EngineStepRecord;
  readonly isUpdate: boolean;
}

/** The engine's calls in order of time; at one instant an older step's update comes before a newer step's schedule. */
export function callsOf(records: readonly EngineStepRecord[]): EngineCall[] {
  const calls = records.flatMap((record) => [
    { record, isUpdate: false, atNs: record.scheduleStartNs },
    ...(record.updateStartNs === undefined || record.updateEndNs === undefined
      ? []
      : [{ record, isUpdate: true, atNs: record.updateStartNs }]),
  ]);
  return calls.sort(
    (a, b) => a.atNs - b.atNs || a.record.step - b.record.step || Number(a.isUpdate) - Number(b.isUpdate),
  );
}
