/**
 * What a step graph reads and writes, for one number of decodes: the tensors of decodes are bound once, those of a chunk of a prompt
 * whenever another one takes its place.
 */
import { OrtBinding, type OrtSession } from "../c-api/index.js";
import { cacheParts, groupNames, type GroupNames } from "../graphs/index.js";
import type { ModelShape } from "../spec/index.js";
import type { SlotView } from "./kv-slots.js";
import type { GroupFeed, SamplingFeed, TokenFeed } from "./step-feed.js";

/** Names of the inputs and outputs of a group, made once: a step has dozens of them. */
export interface BoundNames {
  readonly feed: GroupNames;
  /** Of keys and values that are read and written, by the name of their part. */
  readonly cache: ReadonlyMap<string, { readonly past: string; readonly present: string }>;
}

export function boundNames(group: number, shape: ModelShape): BoundNames {
  const feed = groupNames(group);
  const of = (part: string) => ({ past: feed.past(part), present: feed.present(part) });
  return { feed, cache: new Map(cacheParts(shape).map((part) => [part, of(part)])) };
}

export class StepBinding {
  private readonly binding: OrtBinding;
  private readonly feeds: GroupFeed[] = [];
  private readonly views: SlotView[] = [];
  private tokenFeed: TokenFeed | undefined;

  /** Whether the session reads main memory: for another device, what the host wrote is bound, and so copied, before each run. */
  private readonly isInPlace: boolean;

  /** `names`: of each group that the graph may have. */
  constructor(
    session: OrtSession,
    private readonly names: readonly BoundNames[],
    private readonly sampling: SamplingFeed | undefined,
  ) {
    this.binding = new OrtBinding(session);
    this.isInPlace = session.device === "cpu";
  }

  /** Of a group, filled. */
  feed(group: number, feed: GroupFeed): void {
    if (this.isInPlace && this.feeds[group] === feed) return;
    feed.bind(this.binding, this.names[group]!.feed);
    this.feeds[group] = feed;
  }

  /** A group's keys and values. */
  slots(group: number, view: SlotView): void {
    if (this.views[group] === view) return;
    const { cache } = this.names[group]!;
    for (const [part, slots] of view) {
      const { past, present } = cache.get(part)!;
      this.binding.input(past, slots);
      this.binding.output(present, slots);
    }
    this.views[group] = view;
  }

  /** Of the wanted tokens, filled. */
  tokens(feed: TokenFeed): void {
    if (this.isInPlace && this.tokenFeed === feed) return;
    feed.bind(this.binding, this.sampling !== undefined);
    this.sampling?.bind(this.binding);
    this.tokenFeed = feed;
  }

  /** Blocks until the outputs are written. */
  run(): void {
    this.binding.run();
  }

  release(): void {
    this.binding.release();
  }
}
