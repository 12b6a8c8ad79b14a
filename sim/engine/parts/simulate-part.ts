/** One replica of a simulation simulated by itself, with a result that crosses threads. */
import type { RangeTotals, StepCostModel } from "../../cost/index.js";
import type { GapList } from "../../metrics/index.js";
import type { StepSchedulers } from "../../policy/index.js";
import type { EngineTotals } from "../log/index.js";
import { simulateSteps } from "../simulate-steps.js";
import type { StepSimulationInput } from "../step-simulation.js";
import type { TimeColumns } from "../log/index.js";
import type { StepLog } from "../log/index.js";

/** Columns of the log that the engine fills. */
export const engineColumns = [
  "scheduledNs",
  "firstTokenNs",
  "lastTokenNs",
  "outputTokens",
  "cachedTokens",
  "preemptions",
  "ok",
] as const;

export type EngineColumns = Pick<StepLog, (typeof engineColumns)[number]>;

/** Row i is the part's request i. */
export interface PartResult {
  /** Whether its scheduler was one for simulations in which no replica preempts. */
  readonly isUnpreempted: boolean;
  readonly totals: EngineTotals;
  readonly columns: EngineColumns;
  readonly rejections: ReadonlyMap<number, string>;
  readonly gaps: GapList;
  readonly serverTimes: TimeColumns | undefined;
  readonly rankOf: Int32Array | undefined;
  /** Of its engines; absent of those that do not look at the range of their profile. */
  readonly rangeUses: readonly RangeTotals[];
}

export interface PartOptions {
  readonly replica: number;
  /** Whether it has the scheduler that all replicas have once one of them preempts. */
  readonly afterPreemption?: boolean | undefined;
}

/** A part's requests are the workload of `input`; for the rest `input` is that of the whole simulation. */
export function simulatePart(
  input: StepSimulationInput,
  { replica, afterPreemption: isAfter = false }: PartOptions,
): PartResult {
  const schedulers = { areTwo: false };
  const choose: StepSchedulers["choose"] = (asked) => {
    const choice = input.policy.choose(asked);
    schedulers.areTwo = choice.afterPreemption !== undefined;
    return isAfter ? (choice.afterPreemption ?? choice) : choice;
  };
  const policy = { ...input.policy, choose };
  const costs: StepCostModel[] = [];
  // Made once more, for the same ranks, where a preemption makes it begin again.
  const cost = (_: number, rank: number): StepCostModel => (costs[rank] = input.cost(replica, rank));
  const { log, ...totals } = simulateSteps({ ...input, policy, cost, replicas: 1 });
  const { scheduledNs, firstTokenNs, lastTokenNs, outputTokens, cachedTokens, preemptions, ok } = log;
  return {
    isUnpreempted: schedulers.areTwo && !isAfter && totals.preemptions === 0,
    totals,
    columns: { scheduledNs, firstTokenNs, lastTokenNs, outputTokens, cachedTokens, preemptions, ok },
    rejections: log.rejections,
    gaps: log.gaps.store,
    serverTimes: log.serverTimes,
    rankOf: log.rankOf,
    rangeUses: costs.flatMap(({ rangeUse }) => rangeUse ?? []),
  };
}

/** The memory that a result is in, to be handed over rather than copied. */
export function buffersOf({ columns, gaps, serverTimes, rankOf }: PartResult): ArrayBufferLike[] {
  const arrays = [
    ...Object.values(columns),
    ...(serverTimes === undefined ? [] : [serverTimes.takenNs, serverTimes.firstNs, serverTimes.lastNs]),
    ...gaps.chunks.flatMap(({ values, weights }) => [values, weights]),
    gaps.runs,
    ...(rankOf === undefined ? [] : [rankOf]),
  ];
  return arrays.map(({ buffer }) => buffer);
}
