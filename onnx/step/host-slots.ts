/** Slots of the KV cache in main memory: typed arrays, of which only the tokens that a slot holds are copied. */
import { HostTensor } from "../c-api/index.js";
import { cacheParts } from "../graphs/index.js";
import { headWidth, kvHeads, type ModelShape, type ModelSpec } from "../spec/index.js";
import { SlotViews, type KvSlots, type SlotView } from "./kv-slots.js";

export class HostSlots implements KvSlots {
  private readonly shape: ModelShape;
  private readonly type: "float32" | "float16";
  private readonly parts: readonly { readonly name: string; readonly numbers: Float32Array | Uint16Array }[];
  private readonly slotSize: number;
  private readonly views: SlotViews;

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
    this.views = new SlotViews(slots, (first, rows) => this.makeView(first, rows));
  }

  view(first: number, rows: number): SlotView {
    return this.views.get(first, rows);
  }

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

  sample(slot: number, tokens: number): ArrayLike<number> {
    const start = (slot + 1) * this.slotSize - this.slotTokens * headWidth(this.shape);
    return this.parts[0]!.numbers.slice(start, start + tokens * headWidth(this.shape));
  }

  release(): void {
    this.views.release();
  }

  private makeView(first: number, rows: number): SlotView {
    const { shape, slotSize } = this;
    const dims = [rows, kvHeads(shape), this.slotTokens, headWidth(shape)];
    return new Map(
      this.parts.map(({ name, numbers }) => {
        const part = numbers.subarray(first * slotSize, (first + rows) * slotSize);
        return [name, new HostTensor(part, dims, this.type)];
      }),
    );
  }
}
