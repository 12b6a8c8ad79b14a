/**
 * The simulator of policies that run whole batches: machines, each with a policy and a cost model of its own, and one
 * workload on a virtual clock. At one instant finished batches come first, then clients that give up, then arrivals, then
 * the policies' decisions, in the order of the machines. Same inputs, same result to the bit.
 */
import {
  ConfigError,
  defined,
  InvariantError,
  recordsOfTable,
  type BatchRecord,
  type RequestRecord,
  type RequestTable,
  type Workload,
  type WorkloadRequest,
} from "../../../formats/index.js";
import type { CostModel } from "../../cost/index.js";
import { Calendar } from "../../kernel/index.js";
import type { BatchWork, Policy } from "../../policy/index.js";
import { makeRouter, type Replicas, type Route, type RouterName } from "../../router/index.js";
import { Client, isImpatient, withAttempts, type RequestClient } from "../../workload/index.js";
import type { GiveUpSummary } from "../../metrics/index.js";
import { BatchGiveUps } from "./batch-give-ups.js";
import { modelledHardware, type BatchHardware, type BatchRan } from "./batch-hardware.js";
import { Ledger } from "./ledger.js";

const WORK_DONE = 0;
const GIVE_UP = 1;
const ARRIVAL = 2;
const LOOK = 3;

export interface SimulationInput {
  readonly workload: Workload;
  readonly policy: Policy;
  readonly cost: CostModel;
}

/** A policy and what runs its batches: anything, such as a cost model. */
export interface BatchMachine {
  readonly policy: Policy;
  readonly hardware: BatchHardware;
}

export interface BatchSimulationInput {
  readonly workload: Workload;
  /** At least one. */
  readonly machines: readonly BatchMachine[];
  /** How machines are chosen for requests; default: in turn. */
  readonly router?: RouterName | undefined;
  /** Of a router that draws. */
  readonly seed?: string | undefined;
}

export interface SimulationResult {
  readonly requests: readonly RequestRecord[];
  /** The same by column; not enumerable. */
  readonly table: RequestTable;
  readonly batches: readonly BatchRecord[];
  /** Time the machines were busy, ns, all together. */
  readonly busyNs: number;
  /** Where clients may give up or try again. */
  readonly giveUps?: GiveUpSummary;
}

export function simulate({ workload, policy, cost }: SimulationInput): SimulationResult {
  return simulateBatches({ workload, machines: [{ policy, hardware: modelledHardware(cost) }] });
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
  /** All attempts of the workload's. */
  private readonly requests: readonly WorkloadRequest[];
  private readonly client: RequestClient;
  /** Where clients may give up or try again. */
  private readonly impatient: BatchGiveUps | undefined;
  private readonly route: Route;
  private readonly replicas: Replicas;
  /** By machine, as the next two. */
  private readonly running: (Running | undefined)[];
  private readonly outstanding: Int32Array;
  /** Whether something happened to it at this instant, so that its policy is to be asked. */
  private readonly isTouched: Uint8Array;
  private arrivalScheduled = false;
  /** When the next clients look at their watches. */
  private giveUpNs = Infinity;
  private busyNs = 0;

  constructor(private readonly input: BatchSimulationInput) {
    const { machines, router = "round-robin", seed = "1" } = input;
    const { workload } = input;
    this.requests = withAttempts(workload);
    this.impatient = isImpatient(workload) ? new BatchGiveUps(workload, this.ledger) : undefined;
    if (this.impatient !== undefined && machines.some(({ policy }) => policy.withdrawn === undefined)) {
      throw new ConfigError("clients may give up, and the policy cannot take a request back (Policy.withdrawn)");
    }
    this.client = this.impatient?.client ?? new Client(workload);
    this.route = makeRouter(router, { requests: this.requests, seed });
    this.running = machines.map(() => undefined);
    this.outstanding = new Int32Array(machines.length);
    this.replicas = { serving: [...machines.keys()], outstanding: this.outstanding };
    this.isTouched = new Uint8Array(machines.length);
  }

  run(): SimulationResult {
    const { calendar } = this;
    this.scheduleArrival();
    while (calendar.advance()) {
      if (calendar.eventClass === WORK_DONE) this.finish(calendar.payload);
      else if (calendar.eventClass === ARRIVAL) this.arrive();
      else if (calendar.eventClass === GIVE_UP) this.giveUp();
      else this.isTouched[calendar.payload] = 1;
      const instantIsOver = calendar.nextNs > calendar.nowNs || calendar.nextClass === LOOK;
      if (instantIsOver) this.decideAll();
    }
    if (this.ledger.outstanding > 0 || this.client.nextDueNs !== Infinity) {
      throw new InvariantError(
        `nothing is left to happen at ${calendar.nowNs} ns, but ${this.ledger.outstanding} requests have not ended`,
      );
    }
    const { impatient } = this;
    const table = this.ledger.table({ mayBeUnsent: impatient !== undefined });
    const { batches } = this.ledger;
    let records: readonly RequestRecord[] | undefined;
    const result = {
      batches,
      busyNs: this.busyNs,
      ...defined({ giveUps: impatient?.summary(table, this.busyNs) }),
      // Ten million records are made only where all are used.
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
      const request = this.requests[index]!;
      this.ledger.sent(index, request, arrivalNs, nowNs);
      const { promptTokens, outputTokens } = request;
      const machine = this.route(index, this.replicas);
      this.isTouched[machine] = 1;
      const { policy } = this.input.machines[machine]!;
      const rejection = policy.arrived({ index, arrivalNs: nowNs, promptTokens, outputTokens }, nowNs);
      if (rejection !== undefined) {
        this.ledger.ended(index, "refused", rejection);
        this.client.ended(nowNs, index);
      } else {
        this.outstanding[machine]!++;
        this.impatient?.accepted(index, machine, nowNs);
      }
    }
    this.scheduleGiveUp();
    this.scheduleArrival();
  }

  private scheduleGiveUp(): void {
    const { impatient, calendar } = this;
    if (impatient === undefined || impatient.nextNs >= this.giveUpNs) return;
    this.giveUpNs = impatient.nextNs;
    calendar.schedule(this.giveUpNs, GIVE_UP);
  }

  /** Clients look at their watches. A request whose batch runs stays in it. */
  private giveUp(): void {
    const { nowNs } = this.calendar;
    const { input, outstanding } = this;
    const impatient = this.impatient!;
    this.giveUpNs = Infinity;
    while (impatient.nextNs <= nowNs) {
      const given = impatient.take(nowNs);
      if (given === undefined) continue;
      const { index, machine, isRunning } = given;
      if (!isRunning) input.machines[machine]!.policy.withdrawn!(index);
      outstanding[machine]!--;
      this.isTouched[machine] = 1;
    }
    this.scheduleGiveUp();
    this.scheduleArrival();
  }

  private decideAll(): void {
    for (let machine = 0; machine < this.isTouched.length; machine++) {
      if (this.isTouched[machine] === 0) continue;
      this.isTouched[machine] = 0;
      this.decide(machine);
    }
  }

  private decide(machine: number): void {
    const { nowNs } = this.calendar;
    if (this.running[machine] !== undefined) return;
    const decision = this.input.machines[machine]!.policy.decide(nowNs);
    if (decision.kind !== "wait") {
      this.start(machine, decision);
      return;
    }
    if (decision.untilNs === Infinity) return;
    if (decision.untilNs <= nowNs) {
      throw new InvariantError(`the policy asked at ${nowNs} ns to be asked again at ${decision.untilNs} ns`);
    }
    this.calendar.schedule(decision.untilNs, LOOK, machine);
  }

  private start(machine: number, work: BatchWork): void {
    const startNs = this.calendar.nowNs;
    const { machines } = this.input;
    const ran = machines[machine]!.hardware.run(work, startNs);
    // Each policy counts its batches from 1.
    const id = (work.id - 1) * machines.length + machine + 1;
    this.ledger.batchRan({ ...work, id }, { startNs, ...ran }, ran.peakBytes);
    this.busyNs += ran.endNs - startNs;
    this.running[machine] = { work, ran };
    this.impatient?.ran(work, ran.endNs - startNs);
    this.calendar.schedule(ran.endNs, WORK_DONE, machine);
  }

  private finish(machine: number): void {
    const { nowNs } = this.calendar;
    const running = this.running[machine];
    if (running === undefined) throw new InvariantError(`a batch ended at ${nowNs} ns, but none was running`);
    const { work, ran } = running;
    this.running[machine] = undefined;
    this.isTouched[machine] = 1;
    const { memoryFraction, members } = ran;
    for (const request of this.input.machines[machine]!.policy.finished(work, nowNs, { memoryFraction })) {
      // Given up while the batch ran.
      if (!this.ledger.isOpen(request.index)) continue;
      this.ledger.memberEnded(request, members?.[work.requests.indexOf(request)], nowNs);
      this.outstanding[machine]!--;
      this.client.ended(nowNs, request.index);
    }
    this.scheduleArrival();
  }
}
