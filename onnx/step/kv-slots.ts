/**
 * Memory of the KV cache in slots: for each layer's keys and values one array [slots, key heads, slot tokens, head width]. A request
 * has one slot for as long as it lives; rows that run together lie in neighbouring slots, so they are a view and nothing is copied.
 */
import { OrtTensor } from "../c-api/index.js";
import { cacheParts } from "../graphs/index.js";
import { headWidth, kvHeads, type ModelShape, type ModelSpec } from "../spec/index.js";

/** Slots that run together, as the graph takes them. */
export type SlotView = ReadonlyMap<string, OrtTensor>;

export class KvSlots {
  private readonly shape: ModelShape;
  private readonly type: "float32" | "float16";
  private readonly parts: readonly { readonly name: string; readonly numbers: Float32Array | Uint16Array }[];
  private readonly slotSize: number;
  private readonly views = new Map<string, SlotView>();

  /** `slotTokens`: longest prompt and output of a request together. */
  constructor(
    { shape, precision }: ModelSpec,
    readonly slots: number,
    readonly slotTokens: number,
  ) {
    this.shape = shape;
    this.type = precision === "fp32" ? "float32" : "float16";
    const Numbers = precision === "fp32" ? Float32Array : Uint16Array;
    this.slotSize = kvHeads(shape) * slotTokens * headWidth(shape);
    // Touched only as far as it is used: the system gives a page when it is written.
    this.parts = cacheParts(shape).map((name) => ({ name, numbers: new Numbers(slots * this.slotSize) }));
  }

  /** Tensors over slots `first` to `first + rows - 1`, by the name of their part; kept for the next time. */
  view(first: number, rows: number): SlotView {
    const key = `${first} ${rows}`;
    let view = this.views.get(key);
    if (view === undefined) {
      const { shape, slotSize } = this;
      const dims = [rows, kvHeads(shape), this.slotTokens, headWidth(shape)];
      view = new Map(
        this.parts.map(({ name, numbers }) => {
          const part = numbers.subarray(first * slotSize, (first + rows) * slotSize);
          return [name, new OrtTensor(part, dims, this.type)];
        }),
      );
      this.views.set(key, view);
    }
    return view;
  }

  /** Copies the first `tokens` tokens of a slot to another. */
  copy(from: number, to: number, tokens: number): void {
    const headTokens = this.slotTokens * headWidth(this.shape);
    const length = tokens * headWidth(this.shape);
    for (const { numbers } of this.parts) {
      for (let head = 0; head < kvHeads(this.shape); head++) {
        const start = from * this.slotSize + head * headTokens;
        numbers.copyWithin(to * this.slotSize + head * headTokens, start, start + length);
      }
    }
  }

  /** The first tokens of a slot in the last head of the first part, as they lie in memory. */
  sample(slot: number, tokens: number): ArrayLike<number> {
    const start = (slot + 1) * this.slotSize - this.slotTokens * headWidth(this.shape);
    return this.parts[0]!.numbers.slice(start, start + tokens * headWidth(this.shape));
  }

  release(): void {
    for (const view of this.views.values()) for (const tensor of view.values()) tensor.release();
    this.views.clear();
  }
}
