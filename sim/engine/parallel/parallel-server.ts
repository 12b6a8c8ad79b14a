/**
 * A vLLM server with data parallelism: one front end, and engines behind it that each have seats, KV blocks and a host
 * thread of their own. The front end chooses the engine of a request when it hands it on. Engines of a dense model go
 * their own ways; those of a model with experts take each step together. Every round is taken one by one. Times in ns.
 */
import { defined, InvariantError } from "../../../formats/index.js";
import type { StepCostModel } from "../../cost/index.js";
import type { DataParallel, StepScheduler } from "../../policy/index.js";
import { addStops, type AdmissionStops } from "../log/index.js";
import { Balancer } from "./balancer.js";
import { Ends } from "../log/index.js";
import type { EngineLoopInput } from "../server/index.js";
import type { Output } from "../server/index.js";
import { RankLoop } from "./rank-loop.js";
import { FrontEnd } from "../server/index.js";
import { Lockstep } from "./lockstep.js";
import type { ServerLoop } from "../server/index.js";

export interface ParallelServerInput extends Pick<
  EngineLoopInput,
  "log" | "limits" | "stopsAtEnds" | "stopsAtPreemption"
> {
  readonly parallel: DataParallel;
  /** By rank. */
  readonly schedulers: readonly StepScheduler[];
  readonly costs: readonly StepCostModel[];
  /** Makes the observer of a rank. */
  readonly observer?: ((rank: number) => EngineLoopInput["observer"]) | undefined;
}

export class ParallelServer implements ServerLoop {
  readonly ended = new Ends();
  readonly kvBlocks: number;
  private readonly ranks: readonly RankLoop[];
  private readonly lockstep: Lockstep | undefined;
  private readonly balancer: Balancer;
  private readonly frontEnd: FrontEnd<Output> | undefined;
  /** Of all ranks, in order of time, that no front end has yet: a rank's rounds end later than they begin. */
  private readonly outputs: { readonly output: Output; readonly atNs: number }[] = [];
  private readonly acceptNs: number;

  /** No step is jumped over. */
  readonly jumpedSteps = 0;
  readonly runSteps = 0;

  constructor(private readonly input: ParallelServerInput) {
    const { parallel, schedulers, costs } = input;
    const { frontEnd } = costs[0]!;
    this.balancer = new Balancer(parallel);
    this.acceptNs = frontEnd?.acceptNs ?? 0;
    this.ranks = schedulers.map((scheduler, rank) => this.makeRank(scheduler, rank));
    this.kvBlocks = this.ranks.reduce((sum, rank) => sum + rank.kvBlocks, 0);
    this.lockstep = parallel.isLockstep ? new Lockstep(this.ranks, costs, parallel.rules) : undefined;
    if (frontEnd === undefined) return;
    this.frontEnd = new FrontEnd<Output>(frontEnd, input.log.promptTokens, {
      requestReady: (index, arrivalNs, atNs) => {
        this.handOn(index, arrivalNs, atNs);
      },
      delivered: (output, atNs, firstLateNs) => {
        this.ranks[output.rank]!.delivered(output, atNs, firstLateNs);
        for (let ended = output.complete.length; ended > 0; ended--) this.balancer.completed(output.rank);
      },
    });
  }

  get busyNs(): number {
    return this.sum((rank) => rank.busyNs);
  }

  get hostBusyNs(): number {
    return this.sum((rank) => rank.hostBusyNs);
  }

  get frontEndBusyNs(): number {
    return this.frontEnd?.busyNs ?? 0;
  }

  get steps(): number {
    return this.sum((rank) => rank.steps);
  }

  get preemptions(): number {
    return this.sum((rank) => rank.preemptions);
  }

  get admissionStops(): AdmissionStops {
    return addStops(this.ranks.map((rank) => rank.admissionStops));
  }

  get waitingRequests(): number {
    return this.sum((rank) => rank.waitingRequests);
  }

  get freeBlocks(): number {
    return this.sum((rank) => rank.freeBlocks);
  }

  watchBlocks(): void {
    for (const rank of this.ranks) rank.watchBlocks();
  }

  get kvHighWater(): readonly number[] {
    return this.ranks.flatMap((rank) => rank.kvHighWater);
  }

  rejection(index: number): string | undefined {
    return this.ranks[0]!.rejection(index);
  }

  absent(index: number): void {
    for (const rank of this.ranks) rank.absent(index);
  }

  abort(): never {
    throw new InvariantError("clients of data parallel engines do not give up");
  }

  arrive(index: number, atNs: number): void {
    if (this.frontEnd === undefined) this.handOn(index, atNs, atNs);
    else this.frontEnd.arrive(index, atNs + this.acceptNs);
  }

  nextNs(): number {
    return Math.min(this.nextRoundNs(), this.nextFrontEndNs());
  }

  nextIsFrontEnd(): boolean {
    return this.frontEnd !== undefined && this.nextFrontEndNs() <= this.nextRoundNs();
  }

  quietUntilNs(): number {
    return this.nextNs();
  }

  advance(limitNs: number, _quietNs?: number, frontEndNs = limitNs): void {
    const { ended, frontEnd } = this;
    for (;;) {
      const roundNs = this.nextRoundNs();
      if (frontEnd !== undefined) {
        this.handOver(roundNs);
        const paused = frontEnd.runUntil(Math.min(roundNs, Math.min(frontEndNs, ended.nextNs) - 1));
        if (paused || this.nextRoundNs() < roundNs) continue;
      }
      if (roundNs >= limitNs || roundNs >= ended.nextNs) return;
      this.round(roundNs);
    }
  }

  private makeRank(scheduler: StepScheduler, rank: number): RankLoop {
    const { costs, observer, parallel, log, limits, stopsAtEnds, stopsAtPreemption } = this.input;
    const cost = costs[rank]!;
    const { rules } = parallel;
    return new RankLoop({
      ...{ log, stopsAtEnds, ...defined({ limits, stopsAtPreemption }) },
      scheduler,
      cost,
      jumps: false,
      observer: observer?.(rank),
      rank: {
        number: rank,
        ended: this.ended,
        sent:
          cost.frontEnd === undefined
            ? undefined
            : (output, atNs) => {
                this.keep(output, atNs);
              },
        counted: (atNs, when) => {
          if (when === "after" || rules.reportsBeforeSteps) this.report(rank, scheduler, atNs);
        },
      },
    });
  }

  private report(rank: number, scheduler: StepScheduler, atNs: number): void {
    const { runningRequests: running, waitingRequests: waiting, freeBlocks } = scheduler;
    const kvFraction = 1 - freeBlocks / this.ranks[rank]!.kvBlocks;
    this.balancer.coordinator.report(rank, this.lockstep?.steps ?? 0, atNs, { waiting, running, kvFraction });
  }

  /** A request leaves the front end for the engine that it chooses. */
  private handOn(index: number, arrivalNs: number, atNs: number): void {
    const chosen = this.balancer.choose(atNs);
    this.input.log.toRank(index, chosen);
    this.ranks.forEach((rank, at) => {
      if (at === chosen) rank.enqueue(index, arrivalNs, atNs);
      else rank.absent(index);
    });
  }

  private keep(output: Output, atNs: number): void {
    const { outputs } = this;
    const sent = { output, atNs };
    let at = outputs.length;
    outputs.push(sent);
    for (; at > 0 && outputs[at - 1]!.atNs > atNs; at--) outputs[at] = outputs[at - 1]!;
    outputs[at] = sent;
  }

  /** Outputs up to `untilNs` go to the front end: no rank sends one for before then any more. */
  private handOver(untilNs: number): void {
    const { outputs } = this;
    while (outputs.length > 0 && outputs[0]!.atNs <= untilNs) {
      const { output, atNs } = outputs.shift()!;
      this.frontEnd!.send(output, atNs);
    }
  }

  private nextFrontEndNs(): number {
    if (this.frontEnd === undefined) return Infinity;
    return Math.min(this.frontEnd.nextNs(), this.outputs[0]?.atNs ?? Infinity);
  }

  private nextRoundNs(): number {
    return this.roundOf(this.nextRank());
  }

  private nextRank(): number {
    let first = 0;
    for (let rank = 1; rank < this.ranks.length; rank++) if (this.roundOf(rank) < this.roundOf(first)) first = rank;
    return first;
  }

  private roundOf(rank: number): number {
    return this.lockstep?.nextRoundNs(rank) ?? this.ranks[rank]!.nextRoundNs();
  }

  private round(startNs: number): void {
    const rank = this.nextRank();
    if (this.lockstep === undefined) this.ranks[rank]!.round(startNs);
    else this.lockstep.round(rank, startNs);
  }

  private sum(of: (rank: RankLoop) => number): number {
    return this.ranks.reduce((total, rank) => total + of(rank), 0);
  }
}
