/**
 * Continuous batching under a workload: clients, a router, and one engine loop per replica on one virtual clock. A
 * replica is taken forward only when it could be next to end a request, or when a request is sent to it; until then its
 * decodes are one jump. At one instant requests end first, then others arrive, then engines go on. Replicas that are apart
 * are simulated one after the other.
 */
import {
  ConfigError,
  defined,
  InvariantError,
  withFields,
  type AutoscalePlan,
  type Extrapolation,
  type Workload,
  type WorkloadRequest,
} from "../../formats/index.js";
import { extrapolationOf, type StepCostModel } from "../cost/index.js";
import { tokenCounts, type StepScheduler, type StepSchedulers, type TokenCounts } from "../policy/index.js";
import type { GiveUpSummary } from "../metrics/index.js";
import { makeRouter, routesBlindly, type Route, type RouterName } from "../router/index.js";
import {
  clientOf,
  ImpatientClient,
  isImpatient,
  withAttempts,
  type RequestClient,
  type SentRequest,
} from "../workload/index.js";
import { PreemptionError } from "./engine-loop-input.js";
import { sumTotals, type EngineTotals } from "./engine-totals.js";
import { FirstTokens } from "./first-tokens.js";
import { Fleet } from "./fleet.js";
import { GiveUps } from "./give-ups.js";
import { engineLoop } from "./paced-loop.js";
import { ParallelServer } from "./parallel-server.js";
import { QueueLimits } from "./queue-limits.js";
import type { ServerLoop } from "./server-loop.js";
import { StepLog } from "./step-log.js";
import type { StepObserver } from "./step-observer.js";
import { observeWork, RequestWork } from "./wasted-work.js";

/** `fast` jumps over runs of decodes; `step` does every step and token, the reference. Their results are the same. */
export const engineNames = ["fast", "step"] as const;
export type EngineName = (typeof engineNames)[number];

export interface StepSimulationInput {
  readonly workload: Workload;
  readonly policy: StepSchedulers;
  /** Makes the costs of an engine: a replica, by its number, and of a data parallel one a rank. */
  readonly cost: (replica: number, rank: number) => StepCostModel;
  readonly engine: EngineName;
  readonly replicas?: number;
  readonly router?: RouterName;
  readonly routerBeta?: number | undefined;
  /** Of a router that draws. */
  readonly seed?: string;
  /** Makes the observer of an engine, named as in `cost`; only with the engine `step`. */
  readonly observer?: ((replica: number, rank: number) => StepObserver) | undefined;
  /** An autoscaler says how many replicas there are, in place of `replicas`. */
  readonly autoscale?: AutoscalePlan | undefined;
}

export interface StepSimulationResult extends EngineTotals {
  readonly log: StepLog;
  readonly extrapolation: Extrapolation;
  /** Of an autoscaler. */
  readonly fleet?: Fleet;
  /** Where clients may give up or try again. */
  readonly giveUps?: GiveUpSummary;
}

/** Where clients may give up, every step is simulated, whatever `engine` says. */
export function simulateSteps(input: StepSimulationInput): StepSimulationResult {
  const { policy, workload } = input;
  if (policy.dataParallel !== undefined && isImpatient(workload)) {
    throw new ConfigError(
      "data_parallel_size: clients that give up or try again are not simulated with data parallel engines; leave out " +
        "--patience-ttft, --patience-e2el and --retries, or use --replicas",
    );
  }
  const requests = withAttempts(workload);
  const tokens = tokenCounts(requests);
  const isReference = input.engine === "step" || isImpatient(workload);
  const { make, afterPreemption } = policy.choose({ requests, tokens, isReference });
  if (afterPreemption === undefined) return new StepSimulation(input, tokens, make).run();
  try {
    return new StepSimulation(input, tokens, make, { stopsAtPreemption: true }).run();
  } catch (error) {
    if (!(error instanceof PreemptionError)) throw error;
    return new StepSimulation(input, tokens, afterPreemption).run();
  }
}

/** Whether nothing that a replica does changes what another one does: the router is blind, and no client waits for answers. */
export function areApart({ workload, router = "round-robin", ...input }: StepSimulationInput): boolean {
  return (
    (input.replicas ?? 1) > 1 &&
    routesBlindly(router) &&
    workload.maxConcurrency === Infinity &&
    workload.sessions === undefined &&
    !isImpatient(workload) &&
    input.autoscale === undefined &&
    input.observer === undefined
  );
}

interface Replica {
  readonly loop: ServerLoop;
  /** Of its engines. */
  readonly costs: readonly StepCostModel[];
  readonly queueLimits: QueueLimits;
}

class StepSimulation {
  /** All attempts of the workload's. */
  private readonly requests: readonly WorkloadRequest[];
  private readonly log: StepLog;
  private readonly client: RequestClient;
  /** Where clients may give up or try again. */
  private readonly impatient: { readonly client: ImpatientClient; readonly giveUps: GiveUps } | undefined;
  private readonly deliveryNs: number;
  private readonly replicas: Replica[];
  /** The replicas of a run without an autoscaler. */
  private readonly all: readonly number[];
  private outstanding: Int32Array;
  private readonly isClosed: boolean;
  private readonly areApart: boolean;
  private readonly fleet: Fleet | undefined;
  private readonly firstTokens: FirstTokens;
  private readonly makeReplica: (replica: number) => Replica;
  private sent = 0;

  constructor(
    private readonly input: StepSimulationInput,
    tokens: TokenCounts,
    makeScheduler: () => StepScheduler,
    { stopsAtPreemption = false } = {},
  ) {
    const { workload, policy, cost: makeCost, engine, autoscale } = input;
    this.fleet = autoscale === undefined ? undefined : new Fleet(autoscale);
    const replicas = this.fleet?.members.length ?? input.replicas ?? 1;
    const { limits } = policy;
    this.requests = withAttempts(workload);
    this.log = new StepLog(this.requests, tokens);
    this.isClosed = workload.maxConcurrency !== Infinity || workload.sessions !== undefined;
    this.areApart = areApart(input);
    this.outstanding = new Int32Array(replicas);
    this.all = Array.from({ length: replicas }, (_, replica) => replica);
    const { log } = this;
    const work = isImpatient(workload) ? new RequestWork(log.rows) : undefined;
    this.firstTokens = new FirstTokens(log);
    this.makeReplica = (replica) => {
      const ranks = [...new Array(policy.dataParallel?.ranks ?? 1).keys()];
      const costs = ranks.map((rank) => makeCost(replica, rank));
      const stopsAtEnds = this.isClosed || (replicas > 1 && !this.areApart) || this.fleet !== undefined;
      const { dataParallel: parallel } = policy;
      const given = (rank: number) => input.observer?.(replica, rank);
      const observer = work === undefined ? given : (rank: number) => observeWork(work, given(rank));
      const queueLimits = new QueueLimits(limits, log, costs[0]!.frontEnd?.deliveryNs ?? 0);
      const jumps = engine === "fast" && work === undefined;
      // Shared by withFields, so that the loops of all runs are alike to V8, and what it compiled for one is good for the next.
      const parts = { log, stopsAtEnds, stopsAtPreemption, limits };
      const loop =
        parallel === undefined
          ? engineLoop(withFields(parts, { scheduler: makeScheduler(), cost: costs[0]!, jumps, observer: observer(0) }))
          : new ParallelServer({ ...parts, parallel, schedulers: ranks.map(() => makeScheduler()), costs, observer });
      return { loop, costs, queueLimits };
    };
    this.replicas = Array.from({ length: replicas }, (_, replica) => this.makeReplica(replica));
    // The client has an answer a while after the front end sent it; a closed loop goes on from there.
    this.deliveryNs = this.replicas[0]?.costs[0]!.frontEnd?.deliveryNs ?? 0;
    const sender = { ...workload, thinkNs: workload.thinkNs + this.deliveryNs };
    if (work === undefined) this.client = clientOf(sender);
    else {
      const client = new ImpatientClient(sender);
      this.client = client;
      const { deliveryNs } = this;
      this.impatient = { client, giveUps: new GiveUps(client, { log, work, retries: workload.retries, deliveryNs }) };
    }
  }

  run(): StepSimulationResult {
    if (this.replicas.length === 1 && this.fleet === undefined) this.runOne();
    else if (this.areApart) this.runApart();
    else this.runSeveral();
    if (this.client.nextDueNs !== Infinity) throw new InvariantError("requests were left unsent");
    this.log.checkWhole();
    return this.result();
  }

  private runOne(): void {
    const { client } = this;
    const { loop, queueLimits } = this.replicas[0]!;
    if (!this.isClosed && this.impatient === undefined && this.takesAnyTime(queueLimits)) {
      for (let dueNs = client.nextDueNs; dueNs !== Infinity; dueNs = client.nextDueNs)
        this.send(client.take(dueNs)!, dueNs, 0);
    }
    for (;;) {
      const arrivalNs = client.nextDueNs;
      const nextNs = loop.nextNs();
      const endNs = this.isClosed ? this.endedHead(0) : Infinity;
      const giveUpNs = this.impatient?.giveUps.nextNs ?? Infinity;
      if (endNs <= giveUpNs && endNs <= arrivalNs && endNs <= nextNs && endNs !== Infinity) this.takeEnd(0);
      else if (giveUpNs <= arrivalNs && giveUpNs <= nextNs && giveUpNs !== Infinity) this.giveUp(giveUpNs);
      else if (arrivalNs <= nextNs) {
        if (arrivalNs === Infinity) return;
        this.send(client.take(arrivalNs)!, arrivalNs, 0);
      } else loop.advance(Math.min(arrivalNs, endNs, giveUpNs));
    }
  }

  /**
   * Whether a server takes a request that comes without a look at what it has just then. In an open loop it can have all of them
   * before its first round, for the times at which they come.
   */
  private takesAnyTime(queueLimits: QueueLimits): boolean {
    return !queueLimits.areSet && this.input.policy.dataParallel === undefined;
  }

  /** Replica after replica: none of them changes what another one does. */
  private runApart(): void {
    const { client, log } = this;
    const route = this.makeRoute();
    const homes: number[] = [];
    for (let dueNs = client.nextDueNs; dueNs !== Infinity; dueNs = client.nextDueNs) {
      const { index, arrivalNs } = client.take(dueNs)!;
      log.sent(index, arrivalNs, dueNs);
      homes.push(route(index, { serving: this.all, outstanding: this.outstanding }));
    }
    this.replicas.forEach(({ loop, queueLimits }, replica) => {
      const isAhead = this.takesAnyTime(queueLimits);
      homes.forEach((home, index) => {
        if (home !== replica) loop.absent(index);
        else {
          if (!isAhead) loop.advance(log.sentNs[index]!);
          this.submit(index, log.sentNs[index]!, replica);
        }
      });
      loop.advance(Infinity);
    });
  }

  private runSeveral(): void {
    const { client, replicas } = this;
    const route = this.makeRoute();
    for (;;) {
      const arrivalNs = client.nextDueNs;
      const ender = this.firstEnded();
      const endNs = this.endedHead(ender);
      const { first, quietNs, secondNs } = this.turns();
      const isOver = arrivalNs === Infinity && quietNs === Infinity && endNs === Infinity;
      const fleetNs = isOver ? Infinity : (this.fleet?.nextNs() ?? Infinity);
      const giveUpNs = this.impatient?.giveUps.nextNs ?? Infinity;
      const othersNs = Math.min(arrivalNs, quietNs, fleetNs);
      if (endNs <= othersNs && endNs <= giveUpNs && endNs !== Infinity) {
        this.takeEnd(ender);
      } else if (giveUpNs <= othersNs && giveUpNs !== Infinity) {
        this.giveUp(giveUpNs);
      } else if (fleetNs <= arrivalNs && fleetNs <= quietNs && fleetNs !== Infinity) {
        this.autoscale(this.fleet!, fleetNs);
      } else if (arrivalNs <= quietNs) {
        if (arrivalNs === Infinity) return;
        const request = client.take(arrivalNs)!;
        const { outstanding } = this;
        const target = route(request.index, { serving: this.serving(arrivalNs), outstanding });
        replicas[target]!.loop.advance(arrivalNs);
        this.send(request, arrivalNs, target);
      } else {
        const { loop } = replicas[first]!;
        const limitNs = Math.min(arrivalNs, endNs, fleetNs, giveUpNs, this.isClosed ? secondNs : Infinity);
        // Where another replica has its turn at the same instant, this one does no more than what is due at it.
        if (limitNs > quietNs) loop.advance(limitNs);
        else loop.advance(loop.nextIsFrontEnd() ? limitNs : limitNs + 1, limitNs, limitNs + 1);
      }
    }
  }

  private makeRoute(): Route {
    const { policy, router = "round-robin", routerBeta, seed = "1" } = this.input;
    const { prefixCache } = policy;
    return makeRouter(router, { requests: this.requests, seed, beta: routerBeta, prefixCache });
  }

  private serving(nowNs: number): readonly number[] {
    return this.fleet?.serving(nowNs) ?? this.all;
  }

  /** The autoscaler looks at its signal: all replicas are taken to this moment, and those that it launches made. */
  private autoscale(fleet: Fleet, nowNs: number): void {
    for (const { loop } of this.replicas) loop.advance(nowNs);
    const draining = fleet.act(nowNs, () => this.observe(fleet, nowNs));
    for (let replica = this.replicas.length; replica < fleet.members.length; replica++) {
      const made = this.makeReplica(replica);
      for (let index = 0; index < this.sent; index++) made.loop.absent(index);
      this.replicas.push(made);
    }
    const { outstanding } = this;
    this.outstanding = new Int32Array(this.replicas.length);
    this.outstanding.set(outstanding);
    for (const replica of draining) if (this.outstanding[replica] === 0) fleet.stopped(replica, nowNs);
  }

  private observe(fleet: Fleet, nowNs: number): number | undefined {
    const { signal } = fleet;
    if (signal === "p90_ttft") return this.firstTokens.p90Ms(nowNs);
    const serving = fleet.serving(nowNs).map((replica) => this.replicas[replica]!);
    const sum = serving.reduce((total, { loop }) => {
      const used = signal === "queue" ? loop.waitingRequests : 1 - loop.freeBlocks / loop.kvBlocks;
      return total + used;
    }, 0);
    return sum / serving.length;
  }

  /** The replica whose turn is first (the front end's before the engine's), its time and that of the next replica. */
  private turns(): { first: number; quietNs: number; secondNs: number } {
    const { replicas } = this;
    let [first, quietNs, secondNs] = [0, Infinity, Infinity];
    for (let at = 0; at < replicas.length; at++) {
      const { loop } = replicas[at]!;
      const untilNs = loop.quietUntilNs();
      const isFirst =
        untilNs < quietNs || (untilNs === quietNs && loop.nextIsFrontEnd() && !replicas[first]!.loop.nextIsFrontEnd());
      if (isFirst) [first, quietNs, secondNs] = [at, untilNs, quietNs];
      else secondNs = Math.min(secondNs, untilNs);
    }
    return { first, quietNs, secondNs };
  }

  private firstEnded(): number {
    let first = 0;
    for (let at = 1; at < this.replicas.length; at++) if (this.endedHead(at) < this.endedHead(first)) first = at;
    return first;
  }

  private endedHead(replica: number): number {
    return this.replicas[replica]!.loop.ended.nextNs;
  }

  private takeEnd(replica: number): void {
    const { ended } = this.replicas[replica]!.loop;
    const atNs = ended.nextNs;
    const index = ended.shift();
    // Given up while its last chunk was still to be written.
    if (this.log.abortions.has(index)) return;
    this.leave(replica, atNs);
    this.client.ended(atNs, index);
  }

  private leave(replica: number, atNs: number): void {
    this.outstanding[replica]!--;
    if (this.outstanding[replica] === 0 && this.fleet?.isDraining(replica) === true) this.fleet.stopped(replica, atNs);
  }

  /** A client looks at its watch. */
  private giveUp(nowNs: number): void {
    const { client, giveUps } = this.impatient!;
    const given = giveUps.take(nowNs);
    if (given === undefined) return;
    const { index, replica, reason } = given;
    const { loop } = this.replicas[replica]!;
    loop.advance(nowNs);
    this.log.aborted(index, nowNs, reason);
    loop.abort(index, nowNs);
    this.leave(replica, nowNs);
    // The client counts from the moment at which an answer leaves the front end.
    client.failed(nowNs - this.deliveryNs, index);
  }

  private send({ index, arrivalNs }: SentRequest, nowNs: number, replica: number): void {
    this.log.sent(index, arrivalNs, nowNs);
    this.sent = Math.max(this.sent, index + 1);
    const { loop } = this.replicas[replica]!;
    for (const other of this.replicas) if (other.loop !== loop) other.loop.absent(index);
    this.submit(index, nowNs, replica);
  }

  /** A request that was sent reaches its replica, which rejects at once what it can never serve, or what is beyond its queue. */
  private submit(index: number, nowNs: number, replica: number): void {
    const { loop, queueLimits } = this.replicas[replica]!;
    const never = loop.rejection(index);
    const rejection = never ?? queueLimits.rejection(index, nowNs);
    if (rejection !== undefined) {
      this.log.rejected(index, rejection);
      loop.absent(index);
      if (never === undefined && this.impatient !== undefined) this.impatient.client.failed(nowNs, index);
      else this.client.ended(nowNs, index);
      return;
    }
    this.impatient?.giveUps.accepted(index, replica, nowNs);
    this.outstanding[replica]!++;
    if (this.fleet !== undefined) this.firstTokens.sent(index);
    loop.arrive(index, nowNs);
  }

  private result(): StepSimulationResult {
    const { replicas, log } = this;
    const totals = sumTotals(replicas.map(({ loop }) => loop));
    return {
      log,
      ...defined({ fleet: this.fleet }),
      ...totals,
      kvBlocks: replicas[0]!.loop.kvBlocks / (this.input.policy.dataParallel?.ranks ?? 1),
      extrapolation: extrapolationOf(replicas.flatMap(({ costs }) => costs)),
      ...defined({ giveUps: this.impatient?.giveUps.summary(totals.busyNs) }),
    };
  }
}
