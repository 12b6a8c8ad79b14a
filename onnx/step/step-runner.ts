/**
 * Runs steps of continuous batching on ONNX Runtime: new tokens of requests whose past lies in slots. Blocks its thread.
 *
 * A step consists of groups: any number of rows with one new token each (decodes), or one row with many (a chunk of a prompt). A
 * group's rows lie in neighbouring slots.
 */
import { InvariantError } from "../../formats/index.js";
import type { SamplingSettings } from "../batches/index.js";
import { OrtBinding, OrtSession, type OrtDevice } from "../c-api/index.js";
import { groupNames } from "../graphs/index.js";
import type { ModelFiles } from "../models/index.js";
import { DeviceSlots } from "./device-slots.js";
import { HostSlots } from "./host-slots.js";
import type { KvSlots } from "./kv-slots.js";
import { GroupFeed, SamplingFeed, TokenFeed } from "./step-feed.js";
import { requireStepModel } from "./step-model.js";

export interface StepRow {
  /** New tokens, the same number in each row of a group. */
  readonly ids: readonly number[];
  /** Tokens that the slot holds already. */
  readonly past: number;
  /**
   * Whether the token after the last new one is wanted; a number in [0, 1) that chooses it where tokens are sampled.
   */
  readonly next?: { readonly uniform: number };
}

export interface StepGroup {
  readonly firstSlot: number;
  readonly rows: readonly StepRow[];
}

export interface StepRunnerOptions {
  readonly model: ModelFiles;
  readonly device: OrtDevice;
  readonly threads: number;
  readonly slots: number;
  /** Longest prompt and output of a request together. */
  readonly maxModelLen: number;
  /** Tokens are sampled; without it the largest logit is taken. */
  readonly sampling?: SamplingSettings | undefined;
  /** Absent: main memory on the CPU, the device's own on others. */
  readonly cache?: KvSlots | undefined;
}

/** Makes the KV cache, on any device. */
const ATTENTION = "GroupQueryAttention";

interface LoadedGraph {
  readonly session: OrtSession;
  readonly binding: OrtBinding;
}

export class StepRunner {
  readonly cache: KvSlots;
  /** Time spent inside the runtime so far, ns. */
  runtimeNs = 0;
  /** By their number of groups less one. */
  private readonly graphs: readonly LoadedGraph[];
  /** Of decodes, by group and rows; of wanted tokens, by rows. */
  private readonly decodeFeeds: Map<number, GroupFeed>[];
  private readonly tokenFeeds = new Map<number, TokenFeed>();
  private readonly sampling: SamplingFeed | undefined;

  /**
   * ConfigError for a model that the kernel does not run; BackendError where the device or its memory cannot be had.
   */
  constructor(private readonly options: StepRunnerOptions) {
    const { model, device, threads, slots, maxModelLen, sampling, cache } = options;
    requireStepModel(model, maxModelLen, device);
    this.graphs = model.stepPaths.map(({ greedy, sampled }) => {
      const session = new OrtSession(sampling === undefined ? greedy : sampled, { device, threads });
      session.requireOnDevice(ATTENTION);
      return { session, binding: new OrtBinding(session) };
    });
    this.cache =
      cache ??
      (device === "cpu"
        ? new HostSlots(model, slots, maxModelLen)
        : new DeviceSlots(model, slots, maxModelLen, device));
    this.decodeFeeds = this.graphs.map(() => new Map<number, GroupFeed>());
    this.sampling = sampling === undefined ? undefined : new SamplingFeed(sampling, model.shape);
  }

  /** The most groups that one run takes. */
  get mostGroups(): number {
    return this.graphs.length;
  }

  /** Runs one step, of one group or more; the wanted tokens, row after row, group after group. */
  run(groups: readonly StepGroup[]): number[] {
    const graph = this.graphs[groups.length - 1];
    if (graph === undefined)
      throw new InvariantError(`a step has ${groups.length} groups, expected 1 to ${this.mostGroups}`);
    const { binding } = graph;
    const chunkFeeds: GroupFeed[] = [];
    try {
      for (const [at, { firstSlot, rows }] of groups.entries()) {
        const length = rows[0]?.ids.length ?? 0;
        this.check(firstSlot, rows, length);
        const feed = this.groupFeed(at, rows.length, length, chunkFeeds);
        feed.fill(rows, this.options.model.shape);
        feed.bind(binding, at);
        this.bindSlots(binding, at, firstSlot, rows.length);
      }
      const { feed, asked } = this.wanted(groups);
      feed.bind(binding, this.sampling !== undefined);
      this.sampling?.bind(binding);
      const startNs = process.hrtime.bigint();
      binding.run();
      this.runtimeNs += Number(process.hrtime.bigint() - startNs);
      return Array.from(feed.tokens.subarray(0, asked), Number);
    } finally {
      for (const feed of chunkFeeds) feed.release();
    }
  }

  release(): void {
    for (const { binding } of this.graphs) binding.release();
    for (const feeds of [...this.decodeFeeds, this.tokenFeeds]) for (const feed of feeds.values()) feed.release();
    this.sampling?.release();
    this.cache.release();
    for (const { session } of this.graphs) session.release();
  }

  /**
   * Decodes come in a few numbers of rows, and again and again; chunks have any length, and are added to `chunkFeeds`.
   */
  private groupFeed(group: number, rows: number, length: number, chunkFeeds: GroupFeed[]): GroupFeed {
    if (length > 1) {
      const feed = new GroupFeed(rows, length);
      chunkFeeds.push(feed);
      return feed;
    }
    const feeds = this.decodeFeeds[group]!;
    let feed = feeds.get(rows);
    if (feed === undefined) feeds.set(rows, (feed = new GroupFeed(rows, 1)));
    return feed;
  }

  private bindSlots(binding: OrtBinding, group: number, firstSlot: number, rows: number): void {
    const { past, present } = groupNames(group);
    for (const [part, slots] of this.cache.view(firstSlot, rows)) {
      binding.input(past(part), slots);
      binding.output(present(part), slots);
    }
  }

  /** The feed of the wanted tokens, filled, and how many of them were asked for. */
  private wanted(groups: readonly StepGroup[]): { readonly feed: TokenFeed; readonly asked: number } {
    const asked = groups.reduce((sum, { rows }) => sum + rows.filter(({ next }) => next !== undefined).length, 0);
    // The sampling kernels crash the process when there is no row.
    const count = asked === 0 && this.sampling !== undefined ? 1 : asked;
    let feed = this.tokenFeeds.get(count);
    if (feed === undefined) this.tokenFeeds.set(count, (feed = new TokenFeed(count)));
    let [place, at] = [0, 0];
    for (const { rows } of groups) {
      for (const { ids, next } of rows) {
        place += ids.length;
        if (next === undefined) continue;
        feed.places[at] = BigInt(place - 1);
        feed.uniforms[at++] = next.uniform;
      }
    }
    if (asked === 0) feed.places.fill(0n);
    return { feed, asked };
  }

  /** Rejects what would crash the kernel, or make it write beyond a slot. */
  private check(firstSlot: number, rows: readonly StepRow[], length: number): void {
    const { slots, slotTokens } = this.cache;
    if (rows.length === 0 || length === 0) throw new InvariantError("a step's group has no tokens");
    if (rows.length > 1 && length > 1)
      throw new InvariantError("rows with several new tokens run in groups of their own");
    if (firstSlot < 0 || firstSlot + rows.length > slots) {
      throw new InvariantError(`rows in slots ${firstSlot} to ${firstSlot + rows.length - 1}, there are ${slots}`);
    }
    for (const { ids, past } of rows) {
      if (ids.length !== length) throw new InvariantError("the rows of a group have unequal numbers of new tokens");
      if (past + length > slotTokens) {
        throw new InvariantError(`a request of ${past + length} tokens in a slot of ${slotTokens}`);
      }
    }
  }
}
