/**
 * Which tokens each step of a recorded engine gave to whom: the log has counts alone, so the scheduler decides again what
 * the server's did, from the step at which each request entered the engine.
 */
import type { EngineStepRecord, Run } from "../../../formats/index.js";
import { DEFAULT_VERSION, limitsOf, serverSettings, VllmScheduler, type OutputToSend } from "../../../sim/index.js";
import { callsOf } from "./timeline.js";

/** The output of one step, as it leaves the engine. */
export interface RecordedOutput extends OutputToSend {
  /** When its update was over, ns. */
  readonly updatedNs: number;
  /** Whose tokens it has: positions in the run's requests. */
  readonly requests: readonly number[];
}

/** When a request entered the engine. */
export interface RecordedEntry {
  readonly request: number;
  /** The engine looked for requests before the earlier schedule and did not see it; before the later it did. */
  readonly notBeforeNs: number;
  readonly atNs: number;
  /** Whether the engine was waiting for it. */
  readonly wokeEngine: boolean;
  /** Whether no other entered with it. */
  readonly isAlone: boolean;
}

export interface RecordedTraffic {
  readonly outputs: readonly RecordedOutput[];
  readonly entries: readonly RecordedEntry[];
  /** When the engine looked for requests, ascending, ns. */
  readonly looksNs: Float64Array;
}

/** Undefined where the run does not say when requests entered, or its steps do not follow from them. */
export function recordedTraffic(run: Run, steps: readonly EngineStepRecord[]): RecordedTraffic | undefined {
  const entrySteps = run.requests.map(({ extra }) => Number(extra?.engine_add_step ?? NaN));
  const entryUs = run.requests.map(({ extra }) => Number(extra?.engine_add_us ?? NaN));
  if (entrySteps.some(Number.isNaN)) return undefined;
  const scheduler = schedulerOf(run);
  const order = entrySteps
    .map((_, request) => request)
    .sort((a, b) => entrySteps[a]! - entrySteps[b]! || entryUs[a]! - entryUs[b]! || a - b);
  const made = new Map<EngineStepRecord, ReturnType<VllmScheduler["schedule"]>>();
  const hasToken = new Uint8Array(run.requests.length);
  const outputs: RecordedOutput[] = [];
  const entries: RecordedEntry[] = [];
  let entered = 0;
  let looked = 0;
  for (const { record, isUpdate } of callsOf(steps)) {
    if (isUpdate) {
      const step = made.get(record)!;
      scheduler.update(step);
      made.delete(record);
      const requests = scheduler.deliveredOf(step);
      const firstTokens = requests.filter((request) => hasToken[request] === 0).length;
      for (const request of requests) hasToken[request] = 1;
      if (requests.length === 0) continue;
      const completes = step.ending.count > 0;
      outputs.push({ updatedNs: record.updateEndNs!, requests, tokens: requests.length, firstTokens, completes });
      continue;
    }
    const wokeEngine = !scheduler.hasWork();
    const isAlone = entrySteps[order[entered + 1] ?? -1] !== record.step;
    for (; entered < order.length && entrySteps[order[entered]!]! <= record.step; entered++) {
      const request = order[entered]!;
      scheduler.add(request, entered);
      entries.push({ request, notBeforeNs: looked, atNs: record.scheduleStartNs, wokeEngine, isAlone });
    }
    looked = record.scheduleStartNs;
    const step = scheduler.schedule();
    if (step.scheduledTokens !== record.scheduledTokens || step.scheduledRequests !== record.scheduledRequests) {
      return undefined;
    }
    made.set(record, step);
  }
  return { outputs, entries, looksNs: Float64Array.from(steps, ({ scheduleStartNs }) => scheduleStartNs).sort() };
}

function schedulerOf({ info, requests }: Run): VllmScheduler {
  const settings = serverSettings.parse(info.engine.settings);
  const { version: serverVersion = DEFAULT_VERSION } = info.engine;
  const machine = { totalBytes: Infinity, baseBytes: 0, kvBytesPerToken: 1, positions: Infinity, serverVersion };
  return new VllmScheduler(limitsOf(settings, machine), requests, { saysWork: true, findsAnswers: false });
}
