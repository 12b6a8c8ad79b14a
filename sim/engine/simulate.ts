/**
 * The simulator: one policy, one cost model, one workload on a virtual clock. At one instant finished work comes first,
 * then arrivals, then the policy's decision. Same inputs, same result to the bit.
 */
import { InvariantError, type BatchRecord, type RequestRecord, type Workload } from "../../formats/index.js";
import type { CostModel } from "../cost/index.js";
import { Calendar } from "../kernel/index.js";
import type { Feedback, Policy, Work } from "../policy/index.js";
import { Client } from "../workload/index.js";
import { Ledger } from "./ledger.js";

const WORK_DONE = 0;
const ARRIVAL = 1;
const LOOK = 2;

export interface SimulationInput {
  readonly workload: Workload;
  readonly policy: Policy;
  readonly cost: CostModel;
}

export interface SimulationResult {
  readonly requests: readonly RequestRecord[];
  readonly batches: readonly BatchRecord[];
  /** Batches or steps run, and the time the machine was busy, ns. */
  readonly workItems: number;
  readonly busyNs: number;
  readonly preemptions: number;
}

export function simulate(input: SimulationInput): SimulationResult {
  return new Simulation(input).run();
}

interface Running {
  readonly work: Work;
  readonly feedback: Feedback;
}

class Simulation {
  private readonly calendar = new Calendar();
  private readonly ledger = new Ledger();
  private readonly client: Client;
  private readonly running = new Map<number, Running>();
  private arrivalScheduled = false;
  private workItems = 0;
  private busyNs = 0;
  private preemptions = 0;

  constructor(private readonly input: SimulationInput) {
    this.client = new Client(input.workload);
  }

  run(): SimulationResult {
    const { calendar } = this;
    this.scheduleArrival();
    while (calendar.advance()) {
      if (calendar.eventClass === WORK_DONE) this.finish(calendar.payload);
      else if (calendar.eventClass === ARRIVAL) this.arrive();
      const instantIsOver = calendar.nextNs > calendar.nowNs || calendar.nextClass === LOOK;
      if (instantIsOver) this.decide();
    }
    if (this.ledger.outstanding > 0 || this.client.nextDueNs !== Infinity) {
      throw new InvariantError(
        `nothing is left to happen at ${calendar.nowNs} ns, but ${this.ledger.outstanding} requests have not ended`,
      );
    }
    const { workItems, busyNs, preemptions } = this;
    return { ...this.ledger.records(), workItems, busyNs, preemptions };
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
      const { index, request, arrivalNs } = sent;
      this.ledger.sent(index, request, arrivalNs, nowNs);
      const { promptTokens, outputTokens } = request;
      const refusal = this.input.policy.arrived({ index, arrivalNs: nowNs, promptTokens, outputTokens }, nowNs);
      if (refusal !== undefined) {
        this.ledger.ended(index, "refused", refusal);
        this.client.ended(nowNs);
      }
    }
    this.scheduleArrival();
  }

  private decide(): void {
    const { nowNs } = this.calendar;
    while (this.running.size < this.input.policy.depth) {
      const decision = this.input.policy.decide(nowNs);
      if (decision.kind !== "wait") {
        this.start(decision);
        continue;
      }
      if (decision.untilNs === Infinity) return;
      if (decision.untilNs <= nowNs) {
        throw new InvariantError(`the policy asked at ${nowNs} ns to be asked again at ${decision.untilNs} ns`);
      }
      this.calendar.schedule(decision.untilNs, LOOK);
      return;
    }
  }

  private start(work: Work): void {
    const startNs = this.calendar.nowNs;
    const { cost } = this.input;
    let durationNs: number;
    let memoryFraction = 0;
    if (work.kind === "batch") {
      const { prefillNs, decodeNs, peakBytes } = cost.batch({
        rows: work.requests.length,
        promptTokens: work.promptTokens,
        outputTokens: work.outputTokens,
      });
      durationNs = prefillNs + decodeNs;
      memoryFraction = peakBytes / cost.totalBytes;
      const times = { startNs, firstTokenNs: startNs + prefillNs, endNs: startNs + durationNs };
      this.ledger.batchRan(work, times, peakBytes);
    } else {
      durationNs = cost.step(work);
      this.ledger.stepStarted(work, startNs);
      this.preemptions += work.preempted.length;
    }
    this.workItems++;
    this.busyNs += durationNs;
    this.running.set(work.id, { work, feedback: { memoryFraction } });
    this.calendar.schedule(startNs + durationNs, WORK_DONE, work.id);
  }

  private finish(workId: number): void {
    const { nowNs } = this.calendar;
    const running = this.running.get(workId);
    if (running === undefined) throw new InvariantError(`work ${workId} ended twice, at ${nowNs} ns`);
    this.running.delete(workId);
    if (running.work.kind === "step") this.ledger.stepRan(running.work, nowNs);
    for (const request of this.input.policy.finished(running.work, nowNs, running.feedback)) {
      this.ledger.completed(request, nowNs);
      this.client.ended(nowNs);
    }
    this.scheduleArrival();
  }
}
