/**
 * Continuous batching under a workload: clients, a router, and one engine loop per replica on one virtual clock. A
 * replica is taken forward only when it could be next to end a request, or when a request is sent to it; then as far as no
 * request can come from a client that another replica answers. At one instant requests end first, then others arrive, then
 * engines go on. Replicas that are apart are simulated one after the other.
 */
import { ConfigError, defined, InvariantError, type Extrapolation, type WorkloadRequest } from "../../formats/index.js";
import { extrapolationOf } from "../cost/index.js";
import { tokenCounts, type SchedulerChoice, type TokenCounts } from "../policy/index.js";
import type { GiveUpSummary } from "../metrics/index.js";
import { makeRouter, type Route } from "../router/index.js";
import { isImpatient, withAttempts, type RequestClient } from "../workload/index.js";
import { PreemptionError } from "./server/index.js";
import { sumTotals, type EngineTotals } from "./log/index.js";
import type { Fleet } from "./fleet/index.js";
import type { QueueLimits } from "./server/index.js";
import { Service } from "./fleet/index.js";
import { StepLog } from "./log/index.js";
import { Turns } from "./fleet/index.js";
import { areApart, type StepSimulationInput } from "./step-simulation.js";
import { RequestWork } from "./clients/index.js";

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
  const saysWork = input.observer !== undefined || isImpatient(workload);
  const choice = policy.choose({ requests, tokens, isReference: isReference(input), saysWork });
  const { afterPreemption } = choice;
  if (afterPreemption === undefined) return new StepSimulation(input, tokens, choice).run();
  try {
    return new StepSimulation(input, tokens, choice, { stopsAtPreemption: true }).run();
  } catch (error) {
    if (!(error instanceof PreemptionError)) throw error;
    return new StepSimulation(input, tokens, afterPreemption).run();
  }
}

function isReference({ engine, workload }: StepSimulationInput): boolean {
  return engine === "step" || isImpatient(workload);
}

class StepSimulation {
  /** All attempts of the workload's. */
  private readonly requests: readonly WorkloadRequest[];
  private readonly log: StepLog;
  private readonly service: Service;
  private readonly client: RequestClient;
  /** The replicas of a run without an autoscaler. */
  private readonly all: readonly number[];
  private readonly isClosed: boolean;
  private readonly areApart: boolean;
  /** How long after an end the client sends another request, at least. The reference does not look ahead. */
  private readonly replyNs: number;

  constructor(
    private readonly input: StepSimulationInput,
    tokens: TokenCounts,
    schedulers: SchedulerChoice,
    { stopsAtPreemption = false } = {},
  ) {
    const { workload, replicas = 1, autoscale } = input;
    this.isClosed = workload.maxConcurrency !== Infinity || workload.sessions !== undefined;
    this.areApart = areApart(input);
    this.requests = withAttempts(workload);
    const log = new StepLog(this.requests, tokens);
    this.log = log;
    this.service = new Service({
      input,
      schedulers,
      requests: this.requests,
      tokens,
      log,
      stopsAtEnds: this.isClosed || (replicas > 1 && !this.areApart) || autoscale !== undefined,
      stopsAtPreemption,
      work: isImpatient(workload) ? new RequestWork(log.rows) : undefined,
    });
    this.client = this.service.client;
    this.replyNs = isReference(input) ? 0 : this.isClosed ? this.service.replyNs : Infinity;
    this.all = [...this.service.replicas.keys()];
  }

  run(): StepSimulationResult {
    const { replicas, fleet } = this.service;
    try {
      if (replicas.length === 1 && fleet === undefined) this.runOne();
      else if (this.areApart) this.runApart();
      else this.runSeveral();
    } finally {
      for (const { loop } of replicas) loop.finish?.();
    }
    if (this.client.nextDueNs !== Infinity) throw new InvariantError("requests were left unsent");
    this.log.checkWhole();
    return this.result();
  }

  private runOne(): void {
    const { client, service } = this;
    const { giveUps } = service;
    const { loop, queueLimits } = service.replicas[0]!;
    if (!this.isClosed && giveUps === undefined && this.takesAnyTime(queueLimits)) {
      for (let dueNs = client.nextDueNs; dueNs !== Infinity; dueNs = client.nextDueNs)
        service.send(client.take(dueNs)!, dueNs, 0);
    }
    for (;;) {
      const arrivalNs = client.nextDueNs;
      const nextNs = loop.nextNs();
      const endNs = this.isClosed ? service.endedHead(0) : Infinity;
      const giveUpNs = giveUps?.nextNs ?? Infinity;
      if (endNs <= giveUpNs && endNs <= arrivalNs && endNs <= nextNs && endNs !== Infinity) service.takeEnd(0);
      else if (giveUpNs <= arrivalNs && giveUpNs <= nextNs && giveUpNs !== Infinity) service.giveUp(giveUpNs);
      else if (arrivalNs <= nextNs) {
        if (arrivalNs === Infinity) return;
        service.send(client.take(arrivalNs)!, arrivalNs, 0);
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
    const { client, log, service } = this;
    const route = this.makeRoute();
    const homes: number[] = [];
    for (let dueNs = client.nextDueNs; dueNs !== Infinity; dueNs = client.nextDueNs) {
      const { index, arrivalNs } = client.take(dueNs)!;
      log.sent(index, arrivalNs, dueNs);
      homes.push(route(index, { serving: this.all, outstanding: service.outstanding }));
    }
    service.replicas.forEach(({ loop, queueLimits }, replica) => {
      const isAhead = this.takesAnyTime(queueLimits);
      homes.forEach((home, index) => {
        if (home !== replica) loop.absent(index);
        else {
          if (!isAhead) loop.advance(log.sentNs[index]!);
          service.submit(index, log.sentNs[index]!, replica);
        }
      });
      loop.advance(Infinity);
    });
  }

  private runSeveral(): void {
    const { client, service } = this;
    const { replicas, fleet, giveUps } = service;
    const route = this.makeRoute();
    const turns = new Turns(replicas);
    for (;;) {
      const arrivalNs = client.nextDueNs;
      turns.look();
      const { first, quietNs, secondNs, ender, endNs } = turns;
      const isOver = arrivalNs === Infinity && quietNs === Infinity && endNs === Infinity;
      const fleetNs = isOver ? Infinity : (fleet?.nextNs() ?? Infinity);
      const giveUpNs = giveUps?.nextNs ?? Infinity;
      const othersNs = Math.min(arrivalNs, quietNs, fleetNs);
      if (endNs <= othersNs && endNs <= giveUpNs && endNs !== Infinity) {
        service.takeEnd(ender);
        turns.ended(ender);
      } else if (giveUpNs <= othersNs && giveUpNs !== Infinity) {
        service.giveUp(giveUpNs);
        turns.allMoved();
      } else if (fleetNs <= arrivalNs && fleetNs <= quietNs && fleetNs !== Infinity) {
        service.autoscale(fleet!, fleetNs);
        turns.allMoved();
      } else if (arrivalNs <= quietNs) {
        if (arrivalNs === Infinity) return;
        const request = client.take(arrivalNs)!;
        const { outstanding } = service;
        const target = route(request.index, { serving: fleet?.serving(arrivalNs) ?? this.all, outstanding });
        replicas[target]!.loop.advance(arrivalNs);
        service.send(request, arrivalNs, target);
        turns.moved(target);
      } else {
        const { loop } = replicas[first]!;
        const nextEndNs = this.isClosed ? Math.min(endNs, secondNs) : endNs;
        const limitNs = Math.min(arrivalNs, fleetNs, giveUpNs, nextEndNs + this.replyNs);
        // Where another replica has its turn at the same instant, this one does no more than what is due at it.
        if (limitNs > quietNs || loop.nextNs() < limitNs) loop.advance(limitNs);
        else loop.advance(loop.nextIsFrontEnd() ? limitNs : limitNs + 1, limitNs, limitNs + 1);
        turns.moved(first);
      }
    }
  }

  private makeRoute(): Route {
    const { policy, router = "round-robin", routerBeta, seed = "1" } = this.input;
    const { prefixCache } = policy;
    return makeRouter(router, { requests: this.requests, seed, beta: routerBeta, prefixCache });
  }

  private result(): StepSimulationResult {
    const { input, service, log } = this;
    const { replicas, fleet, giveUps } = service;
    const totals = sumTotals(replicas.map(({ loop }) => loop));
    return {
      log,
      ...defined({ fleet }),
      ...totals,
      kvBlocks: replicas[0]!.loop.kvBlocks / (input.policy.dataParallel?.ranks ?? 1),
      extrapolation: extrapolationOf(replicas.flatMap(({ costs }) => costs)),
      ...defined({ giveUps: giveUps?.summary(totals.busyNs) }),
    };
  }
}
