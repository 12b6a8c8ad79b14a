/**
 * Runs steps of continuous batching on ONNX Runtime: new tokens of requests whose past lies in slots. Blocks its thread.
 *
 * A step consists of groups: any number of rows with one new token each (decodes), or one row with many (a chunk of a prompt). A
 * group's rows lie in neighbouring slots.
 */
import { InvariantError } from "../../formats/index.js";
import type { SamplingSettings } from "../batches/index.js";
import { OrtSession, type OrtDevice } from "../c-api/index.js";
import type { ModelFiles } from "../models/index.js";
import { DeviceSlots } from "./device-slots.js";
import { HostSlots } from "./host-slots.js";
import type { KvSlots } from "./kv-slots.js";
import { boundNames, StepBinding, type BoundNames } from "./step-binding.js";
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
  readonly next?: { readonly uniform: number } | undefined;
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

/** Longer chunks of prompts are rare, so that what they read is not kept. */
const KEPT_LENGTH = 512;

interface LoadedGraph {
  readonly session: OrtSession;
  /** By the rows of the first group where these are decodes, at 0 where it is a chunk. */
  readonly bindings: Map<number, StepBinding>;
}

export class StepRunner {
  readonly cache: KvSlots;
  /** Time spent inside the runtime so far, ns. */
  runtimeNs = 0;
  /** By their number of groups less one. */
  private readonly graphs: readonly LoadedGraph[];
  private readonly names: readonly BoundNames[];
  /** By group: of decodes, by rows, and of chunks, by new tokens. Wanted tokens, by rows. */
  private readonly decodeFeeds: readonly Map<number, GroupFeed>[];
  private readonly chunkFeeds: readonly Map<number, GroupFeed>[];
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
      return { session, bindings: new Map<number, StepBinding>() };
    });
    this.names = this.graphs.map((_, group) => boundNames(group, model.shape));
    this.cache =
      cache ??
      (device === "cpu"
        ? new HostSlots(model, slots, maxModelLen)
        : new DeviceSlots(model, slots, maxModelLen, device));
    this.decodeFeeds = this.graphs.map(() => new Map<number, GroupFeed>());
    this.chunkFeeds = this.graphs.map(() => new Map<number, GroupFeed>());
    this.sampling = sampling === undefined ? undefined : new SamplingFeed(sampling, model.shape);
  }

  /** The most groups that one run takes. */
  get mostGroups(): number {
    return this.graphs.length;
  }

  /**
   * Runs one step, of one group or more; the wanted tokens, row after row, group after group. A rehearsal does all of it but the
   * runtime's work, and its tokens mean nothing.
   */
  run(groups: readonly StepGroup[], isRehearsal = false): number[] {
    const binding = this.bindingOf(groups);
    let passing: GroupFeed[] | undefined;
    try {
      for (let at = 0; at < groups.length; at++) {
        const { firstSlot, rows } = groups[at]!;
        const length = rows[0]?.ids.length ?? 0;
        this.check(firstSlot, rows, length);
        const feed = this.feedOf(at, rows.length, length);
        if (length > KEPT_LENGTH) (passing ??= []).push(feed);
        feed.fill(rows, this.options.model.shape);
        binding.feed(at, feed);
        binding.slots(at, this.cache.view(firstSlot, rows.length));
      }
      const { feed, asked } = this.wanted(groups);
      binding.tokens(feed);
      const startNs = process.hrtime.bigint();
      if (!isRehearsal) binding.run();
      this.runtimeNs += Number(process.hrtime.bigint() - startNs);
      return Array.from({ length: asked }, (_, at) => feed.token(at));
    } finally {
      if (passing !== undefined) for (const feed of passing) feed.release();
    }
  }

  release(): void {
    for (const { bindings } of this.graphs) for (const binding of bindings.values()) binding.release();
    const kept = [...this.decodeFeeds, ...this.chunkFeeds, this.tokenFeeds];
    for (const feeds of kept) for (const feed of feeds.values()) feed.release();
    this.sampling?.release();
    this.cache.release();
    for (const { session } of this.graphs) session.release();
  }

  private bindingOf(groups: readonly StepGroup[]): StepBinding {
    const graph = this.graphs[groups.length - 1];
    if (graph === undefined)
      throw new InvariantError(`a step has ${groups.length} groups, expected 1 to ${this.mostGroups}`);
    const { session, bindings } = graph;
    const { rows } = groups[0]!;
    const decodes = rows[0]?.ids.length === 1 ? rows.length : 0;
    let binding = bindings.get(decodes);
    if (binding === undefined) bindings.set(decodes, (binding = new StepBinding(session, this.names, this.sampling)));
    return binding;
  }

  /** Decodes come in a few numbers of rows, and again and again; so do chunks, unless they are long. */
  private feedOf(group: number, rows: number, length: number): GroupFeed {
    if (length > KEPT_LENGTH) return new GroupFeed(rows, length);
    const feeds = length === 1 ? this.decodeFeeds[group]! : this.chunkFeeds[group]!;
    const key = length === 1 ? rows : length;
    let feed = feeds.get(key);
    if (feed === undefined) feeds.set(key, (feed = new GroupFeed(rows, length)));
    return feed;
  }

  /** The feed of the wanted tokens, filled, and how many of them were asked for. */
  private wanted(groups: readonly StepGroup[]): { readonly feed: TokenFeed; readonly asked: number } {
    let asked = 0;
    for (const { rows } of groups) for (const { next } of rows) if (next !== undefined) asked++;
    // The sampling kernels crash the process when there is no row.
    const count = asked === 0 && this.sampling !== undefined ? 1 : asked;
    let feed = this.tokenFeeds.get(count);
    if (feed === undefined) this.tokenFeeds.set(count, (feed = new TokenFeed(count)));
    let [place, at] = [0, 0];
    for (const { rows } of groups) {
      for (const { ids, next } of rows) {
        place += ids.length;
        if (next !== undefined) feed.ask(at++, place - 1, next.uniform);
      }
    }
    if (asked === 0 && count > 0) feed.ask(0, 0, 0);
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
