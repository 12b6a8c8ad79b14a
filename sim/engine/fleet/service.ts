/**
 * The replicas of a run and the clients that they serve: requests on their way to a replica, answers on their way back, and
 * clients that give up in between.
 */
import { clientOf, ImpatientClient, type RequestClient, type SentRequest } from "../../workload/index.js";
import { FirstTokens } from "../clients/index.js";
import { Fleet } from "./fleet.js";
import { GiveUps } from "../clients/index.js";
import { makeReplica, type Replica, type ReplicaParts } from "./replica.js";
import type { StepLog } from "../log/index.js";

export class Service {
  readonly replicas: Replica[];
  /** Of an autoscaler. */
  readonly fleet: Fleet | undefined;
  readonly client: RequestClient;
  /** Where clients may give up or try again. */
  readonly giveUps: GiveUps | undefined;
  private readonly firstTokens: FirstTokens;
  /** Requests that each replica has. */
  outstanding: Int32Array;
  private readonly impatient: ImpatientClient | undefined;
  private readonly log: StepLog;
  private readonly deliveryNs: number;
  /** From the end of a request at its replica until a client that waited for it sends another one, at least. */
  readonly replyNs: number;
  private sent = 0;

  constructor(private readonly parts: ReplicaParts) {
    const { input, log, work } = parts;
    const { workload, autoscale } = input;
    this.log = log;
    this.fleet = autoscale === undefined ? undefined : new Fleet(autoscale);
    const replicas = this.fleet?.members.length ?? input.replicas ?? 1;
    this.outstanding = new Int32Array(replicas);
    this.firstTokens = new FirstTokens(log);
    this.replicas = Array.from({ length: replicas }, (_, replica) => makeReplica(parts, replica));
    // The client has an answer a while after the front end sent it; a closed loop goes on from there.
    const deliveryNs = this.replicas[0]?.costs[0]!.frontEnd?.deliveryNs ?? 0;
    this.deliveryNs = deliveryNs;
    this.replyNs = workload.thinkNs + deliveryNs;
    const sender = { ...workload, thinkNs: this.replyNs };
    if (work === undefined) this.client = clientOf(sender);
    else {
      this.impatient = new ImpatientClient(sender);
      this.client = this.impatient;
      this.giveUps = new GiveUps(this.impatient, { log, work, retries: workload.retries, deliveryNs });
    }
  }

  /** When the client of the replica's first complete request has its answer; Infinity without any. */
  endedHead(replica: number): number {
    return this.replicas[replica]!.loop.ended.nextNs;
  }

  takeEnd(replica: number): void {
    const { ended } = this.replicas[replica]!.loop;
    const atNs = ended.nextNs;
    const index = ended.shift();
    // Given up while its last chunk was still to be written.
    if (this.log.abortions.has(index)) return;
    this.leave(replica, atNs);
    this.client.ended(atNs, index);
  }

  /** A client looks at its watch. */
  giveUp(nowNs: number): void {
    const given = this.giveUps?.take(nowNs);
    if (given === undefined) return;
    const { index, replica, reason } = given;
    const { loop } = this.replicas[replica]!;
    loop.advance(nowNs);
    this.log.aborted(index, nowNs, reason);
    loop.abort(index, nowNs);
    this.leave(replica, nowNs);
    // The client counts from the moment at which an answer leaves the front end.
    this.impatient!.failed(nowNs - this.deliveryNs, index);
  }

  send({ index, arrivalNs }: SentRequest, nowNs: number, replica: number): void {
    this.log.sent(index, arrivalNs, nowNs);
    this.sent = Math.max(this.sent, index + 1);
    const { loop } = this.replicas[replica]!;
    for (const other of this.replicas) if (other.loop !== loop) other.loop.absent(index);
    this.submit(index, nowNs, replica);
  }

  /** A request that was sent reaches its replica, which rejects at once what it can never serve, or what is beyond its queue. */
  submit(index: number, nowNs: number, replica: number): void {
    const { loop, queueLimits } = this.replicas[replica]!;
    const never = loop.rejection(index);
    const rejection = never ?? queueLimits.rejection(index, nowNs);
    if (rejection !== undefined) {
      this.log.rejected(index, rejection);
      loop.absent(index);
      if (never === undefined && this.impatient !== undefined) this.impatient.failed(nowNs, index);
      else this.client.ended(nowNs, index);
      return;
    }
    this.giveUps?.accepted(index, replica, nowNs);
    this.outstanding[replica]!++;
    if (this.fleet !== undefined) this.firstTokens.sent(index);
    loop.arrive(index, nowNs);
  }

  /** The autoscaler looks at its signal: all replicas are taken to this moment, and those that it launches made. */
  autoscale(fleet: Fleet, nowNs: number): void {
    for (const { loop } of this.replicas) loop.advance(nowNs);
    const draining = fleet.act(nowNs, () => this.signal(fleet, nowNs));
    for (let replica = this.replicas.length; replica < fleet.members.length; replica++) {
      const made = makeReplica(this.parts, replica);
      for (let index = 0; index < this.sent; index++) made.loop.absent(index);
      this.replicas.push(made);
    }
    const { outstanding } = this;
    this.outstanding = new Int32Array(this.replicas.length);
    this.outstanding.set(outstanding);
    for (const replica of draining) if (this.outstanding[replica] === 0) fleet.stopped(replica, nowNs);
  }

  private signal(fleet: Fleet, nowNs: number): number | undefined {
    const { signal } = fleet;
    if (signal === "p90_ttft") return this.firstTokens.p90Ms(nowNs);
    const serving = fleet.serving(nowNs).map((replica) => this.replicas[replica]!);
    const sum = serving.reduce((total, { loop }) => {
      const used = signal === "queue" ? loop.waitingRequests : 1 - loop.freeBlocks / loop.kvBlocks;
      return total + used;
    }, 0);
    return sum / serving.length;
  }

  private leave(replica: number, atNs: number): void {
    this.outstanding[replica]!--;
    if (this.outstanding[replica] === 0 && this.fleet?.isDraining(replica) === true) this.fleet.stopped(replica, atNs);
  }
}
