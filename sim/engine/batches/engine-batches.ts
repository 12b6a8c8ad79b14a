/**
 * Batches from a client in front of a vLLM engine: all requests of a batch reach the server at once, each decodes its own
 * length, and the batch ends when the last of them does. The engine (front end, scheduler, host and GPU) lives on between
 * batches; nothing else is sent to it.
 */
import { InvariantError, type WorkloadRequest } from "../../../formats/index.js";
import type { StepCostModel } from "../../cost/index.js";
import { tokenCounts, type BatchWork, type MemberOutcome, type StepSchedulers } from "../../policy/index.js";
import type { BatchHardware, BatchRan } from "./batch-hardware.js";
import { engineOf } from "../engine-of.js";
import type { EngineTotals } from "../log/index.js";
import { QueueLimits } from "../server/index.js";
import type { EngineName } from "../step-simulation.js";
import type { ServerLoop } from "../server/index.js";
import { StepLog } from "../log/index.js";

export interface EngineBatchesInput {
  /** All that may come, in the workload's order: members of batches are named by their place in it. */
  readonly requests: readonly WorkloadRequest[];
  /** How the engine schedules. */
  readonly server: StepSchedulers;
  readonly cost: StepCostModel;
  readonly engine: EngineName;
}

export class EngineBatches implements BatchHardware {
  readonly log: StepLog;
  private readonly loop: ServerLoop;
  /** The most KV blocks in use at once. */
  private kvHighWater = 0;
  private readonly queueLimits: QueueLimits;

  constructor({ requests, server, cost, engine }: EngineBatchesInput) {
    const { limits } = server;
    const tokens = tokenCounts(requests);
    this.log = new StepLog(requests, tokens);
    this.queueLimits = new QueueLimits(limits, this.log, cost.frontEnd?.deliveryNs ?? 0);
    // What batches do to the engine decides when the next one comes: there is no running everything again.
    const choice = server.choose({ requests, tokens, isReference: engine === "step" });
    const { log } = this;
    this.loop = engineOf({
      schedulers: choice.afterPreemption ?? choice,
      ...{ limits, cost, log, requests, tokens, jumps: engine === "fast" },
      ...{ stopsAtEnds: true, stopsAtPreemption: false, isScaled: false },
    });
  }

  run(work: BatchWork, startNs: number): BatchRan {
    const { loop, log } = this;
    loop.advance(startNs);
    loop.watchBlocks();
    const rejections = work.requests.map(({ index }) => this.send(index, startNs));
    let left = rejections.filter((rejection) => rejection === undefined).length;
    while (left > 0) {
      loop.advance(Infinity);
      if (loop.ended.length === 0) throw new InvariantError(`${left} requests of batch ${work.id} never end`);
      for (; loop.ended.length > 0; left--) loop.ended.shift();
    }
    const members = work.requests.map(({ index }, at): MemberOutcome => {
      const reason = rejections[at];
      return reason === undefined
        ? { firstTokenNs: log.firstTokenNs[index]! }
        : { failure: { status: "refused", reason } };
    });
    const [used] = loop.kvHighWater as [number];
    this.kvHighWater = Math.max(this.kvHighWater, used);
    const latest = (times: Float64Array): number =>
      work.requests.reduce(
        (latestNs, { index }, at) => (rejections[at] !== undefined ? latestNs : Math.max(latestNs, times[index]!)),
        startNs,
      );
    return {
      firstTokenNs: latest(log.firstTokenNs),
      endNs: latest(log.lastTokenNs),
      memoryFraction: used / loop.kvBlocks,
      members,
    };
  }

  /** It is over: what the engine did. */
  finish(): EngineTotals {
    const { loop, kvHighWater } = this;
    loop.finish?.();
    return {
      steps: loop.steps,
      jumpedSteps: loop.jumpedSteps,
      runSteps: loop.runSteps,
      busyNs: loop.busyNs,
      hostBusyNs: loop.hostBusyNs,
      frontEndBusyNs: loop.frontEndBusyNs,
      admissionStops: loop.admissionStops,
      preemptions: loop.preemptions,
      kvHighWater: [kvHighWater],
      kvBlocks: loop.kvBlocks,
    };
  }

  /** Sends a request to the server; returns why it is not served, if it is not. */
  private send(index: number, atNs: number): string | undefined {
    this.log.sent(index, atNs, atNs);
    const rejection = this.loop.rejection(index) ?? this.queueLimits.rejection(index, atNs);
    if (rejection === undefined) this.loop.arrive(index, atNs);
    else this.log.rejected(index, rejection);
    return rejection;
  }
}
