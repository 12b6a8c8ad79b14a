/** The results of a simulation's replicas, simulated each by itself, put together as if one simulation had run them all. */
import { InvariantError } from "../../../formats/index.js";
import { extrapolationOf } from "../../cost/index.js";
import { tokenCounts } from "../../policy/index.js";
import { sumTotals } from "../log/index.js";
import type { ReplicaPart } from "./replica-parts.js";
import { ServerTimes } from "../log/index.js";
import { engineColumns, type PartResult } from "./simulate-part.js";
import type { StepSimulationResult } from "../simulate-steps.js";
import type { StepSimulationInput } from "../step-simulation.js";
import { StepLog } from "../log/index.js";

/** What is left of a part's result once its columns are in the log. */
type Rest = Pick<PartResult, "totals" | "rangeUses" | "gaps" | "isUnpreempted">;

export class MergedParts {
  private readonly log: StepLog;
  private readonly rests: (Rest | undefined)[];

  /** `input`: of the whole simulation. */
  constructor(
    { workload: { requests } }: Pick<StepSimulationInput, "workload">,
    private readonly parts: readonly ReplicaPart[],
  ) {
    this.log = new StepLog(requests, tokenCounts(requests));
    this.rests = parts.map(() => undefined);
  }

  /** Parts come in any order; one that comes again is in place of its first result. */
  add({ replica, rows, arrivalNs }: ReplicaPart, result: PartResult): void {
    const { log } = this;
    spread(arrivalNs, rows, log.arrivalNs);
    spread(arrivalNs, rows, log.sentNs);
    for (const name of engineColumns) spread(result.columns[name], rows, log[name]);
    for (const [at, reason] of result.rejections) log.rejections.set(rows[at]!, reason);
    if (result.serverTimes !== undefined) {
      log.serverTimes ??= new ServerTimes(log.rows);
      for (const name of ["takenNs", "firstNs", "lastNs"] as const)
        spread(result.serverTimes[name], rows, log.serverTimes[name]);
    }
    if (result.rankOf !== undefined) spread(result.rankOf, rows, (log.rankOf ??= new Int32Array(log.rows)));
    const { totals, rangeUses, gaps, isUnpreempted } = result;
    this.rests[replica] = { totals, rangeUses, gaps, isUnpreempted };
  }

  /**
   * Once every part was added: those to simulate again after a preemption elsewhere, so that all replicas have the same
   * scheduler. Times are the same; how steps are taken is not.
   */
  again(): ReplicaPart[] {
    const { rests } = this;
    if (!rests.some((rest) => rest!.totals.preemptions > 0)) return [];
    return this.parts.filter(({ replica }) => rests[replica]!.isUnpreempted);
  }

  /** Once every part was added. */
  result(): StepSimulationResult {
    const rests = this.rests.map((rest, replica) => {
      if (rest === undefined) throw new InvariantError(`replica ${replica} of ${this.parts.length} was not simulated`);
      return rest;
    });
    for (const { gaps } of rests) this.log.gaps.store.adopt(gaps);
    const all = rests.map(({ totals }) => totals);
    return {
      log: this.log,
      ...sumTotals(all),
      kvBlocks: all[0]!.kvBlocks,
      extrapolation: extrapolationOf(rests.flatMap(({ rangeUses }) => rangeUses.map((rangeUse) => ({ rangeUse })))),
    };
  }
}

type Column = Float64Array | Int32Array | Uint8Array;

/** A part's column to its rows of the whole. */
function spread(from: Column, rows: Int32Array, to: Column): void {
  for (let at = 0; at < rows.length; at++) to[rows[at]!] = from[at]!;
}
