/**
 * Memory of the KV cache in slots: for each layer's keys and values one array [slots, key heads, slot tokens, head width]. A request
 * has one slot for as long as it lives; rows that run together lie in neighbouring slots, so they are a view and nothing is copied.
 */
import type { OrtTensor } from "../c-api/index.js";

/** Slots that run together, as the graph takes them: tensors by the name of their part. */
export type SlotView = ReadonlyMap<string, OrtTensor>;

export interface KvSlots {
  readonly slots: number;
  /** Longest prompt and output of a request together. */
  readonly slotTokens: number;
  /** Slots `first` to `first + rows - 1`; the same object each time. */
  view(first: number, rows: number): SlotView;
  /** Copies at least the first `tokens` tokens of a slot to another. */
  copy(from: number, to: number, tokens: number): void;
  /** The first tokens of a slot in the last head of the first part, as they lie in memory. */
  sample(slot: number, tokens: number): ArrayLike<number>;
  release(): void;
}

/** Views that were made, kept for the next time. */
export class SlotViews {
  private readonly views = new Map<number, SlotView>();

  constructor(
    private readonly slots: number,
    private readonly make: (first: number, rows: number) => SlotView,
  ) {}

  get(first: number, rows: number): SlotView {
    const key = first * (this.slots + 1) + rows;
    let view = this.views.get(key);
    if (view === undefined) this.views.set(key, (view = this.make(first, rows)));
    return view;
  }

  release(): void {
    for (const view of this.views.values()) for (const tensor of view.values()) tensor.release();
    this.views.clear();
  }
}
