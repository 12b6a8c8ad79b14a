/**
 * The simulator of policies that run whole batches: one policy, one cost model, one workload on a virtual clock. At one
 * instant a finished batch comes first, then arrivals, then the policy's decision. Same inputs, same result to the bit.
 */
import {
  InvariantError,
  recordsOfTable,
  type BatchRecord,
  type RequestRecord,
  type RequestTable,
  type Workload,
} from "../../formats/index.js";
import type { CostModel } from "../cost/index.js";
import { Calendar } from "../kernel/index.js";
import type { BatchWork, Policy } from "../policy/index.js";
import { Client } from "../workload/index.js";
import { modelledHardware, type BatchHardware, type BatchRan } from "./batch-hardware.js";
import { Ledger } from "./ledger.js";

const WORK_DONE = 0;
const ARRIVAL = 1;
const LOOK = 2;

export interface SimulationInput {
  readonly workload: Workload;
  readonly policy: Policy;
  readonly cost: CostModel;
}

/** As SimulationInput, with anything that runs batches in place of a cost model. */
export interface BatchSimulationInput {
  readonly workload: Workload;
  readonly policy: Policy;
  readonly hardware: BatchHardware;
}

export interface SimulationResult {
  readonly requests: readonly RequestRecord[];
  /** The same by column; not enumerable. */
  readonly table: RequestTable;
  readonly batches: readonly BatchRecord[];
  /** Time the machine was busy, ns. */
  readonly busyNs: number;
}

export function simulate({ workload, policy, cost }: SimulationInput): SimulationResult {
  return simulateBatches({ workload, policy, hardware: modelledHardware(cost) });
}

export function simulateBatches(input: BatchSimulationInput): SimulationResult {
  return new Simulation(input).run();
}

interface Running {
  readonly work: BatchWork;
  readonly ran: BatchRan;
}

class Simulation {
  private readonly calendar = new Calendar();
  private readonly ledger = new Ledger();
  private readonly client: Client;
  private running: Running | undefined;
  private arrivalScheduled = false;
  private busyNs = 0;

  constructor(private readonly input: BatchSimulationInput) {
    this.client = new Client(input.workload);
  }

  run(): SimulationResult {
    const { calendar } = this;
    this.scheduleArrival();
    while (calendar.advance()) {
      if (calendar.eventClass === WORK_DONE) this.finish();
      else if (calendar.eventClass === ARRIVAL) this.arrive();
      const instantIsOver = calendar.nextNs > calendar.nowNs || calendar.nextClass === LOOK;
      if (instantIsOver) this.decide();
    }
    if (this.ledger.outstanding > 0 || this.client.nextDueNs !== Infinity) {
      throw new InvariantError(
        `nothing is left to happen at ${calendar.nowNs} ns, but ${this.ledger.outstanding} requests have not ended`,
      );
    }
    const table = this.ledger.table();
    const { batches } = this.ledger;
    let records: readonly RequestRecord[] | undefined;
    const result = {
      batches,
      busyNs: this.busyNs,
      // Ten million records are only made where somebody wants them all.
      get requests() {
        return (records ??= recordsOfTable(table));
      },
    };
    return Object.defineProperty(result, "table", { value: table }) as SimulationResult;
  }

  private scheduleArrival(): void {
    const dueNs = this.client.nextDueNs;
    if (this.arrivalScheduled || dueNs === Infinity) return;
    this.arrivalScheduled = true;
    this.calendar.schedule(Math.max(dueNs, this.calendar.nowNs), ARRIVAL);
  }

  private arrive(): void {
    const { nowNs } = this.calendar;
    this.arrivalScheduled = false;
    for (let sent = this.client.take(nowNs); sent !== undefined; sent = this.client.take(nowNs)) {
      const { index, arrivalNs } = sent;
      const request = this.input.workload.requests[index]!;
      this.ledger.sent(index, request, arrivalNs, nowNs);
      const { promptTokens, outputTokens } = request;
      const rejection = this.input.policy.arrived({ index, arrivalNs: nowNs, promptTokens, outputTokens }, nowNs);
      if (rejection !== undefined) {
        this.ledger.ended(index, "refused", rejection);
        this.client.ended(nowNs);
      }
    }
    this.scheduleArrival();
  }

  private decide(): void {
    const { nowNs } = this.calendar;
    if (this.running !== undefined) return;
    const decision = this.input.policy.decide(nowNs);
    if (decision.kind !== "wait") {
      this.start(decision);
      return;
    }
    if (decision.untilNs === Infinity) return;
    if (decision.untilNs <= nowNs) {
      throw new InvariantError(`the policy asked at ${nowNs} ns to be asked again at ${decision.untilNs} ns`);
    }
    this.calendar.schedule(decision.untilNs, LOOK);
  }

  private start(work: BatchWork): void {
    const startNs = this.calendar.nowNs;
    const ran = this.input.hardware.run(work, startNs);
    this.ledger.batchRan(work, { startNs, ...ran }, ran.peakBytes);
    this.busyNs += ran.endNs - startNs;
    this.running = { work, ran };
    this.calendar.schedule(ran.endNs, WORK_DONE);
  }

  private finish(): void {
    const { nowNs } = this.calendar;
    if (this.running === undefined) throw new InvariantError(`a batch ended at ${nowNs} ns, but none was running`);
    const { work, ran } = this.running;
    this.running = undefined;
    const { memoryFraction, members } = ran;
    for (const request of this.input.policy.finished(work, nowNs, { memoryFraction })) {
      this.ledger.memberEnded(request, members?.[work.requests.indexOf(request)], nowNs);
      this.client.ended(nowNs);
    }
    this.scheduleArrival();
  }
}
