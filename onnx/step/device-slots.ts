/**
 * Slots of the KV cache in the memory of the device that computes: keys and values never leave it. Whole slots are
 * copied there by a small graph, since the C API has no copy within a device.
 */
import { DeviceMemory, HostTensor, OrtBinding, OrtSession, type OrtDevice, type OrtTensor } from "../c-api/index.js";
import { cacheParts, slotCopyGraph, slotNames } from "../graphs/index.js";
import { encodeModel } from "../protobuf/index.js";
import { headWidth, kvHeads, type ModelSpec } from "../spec/index.js";
import { SlotViews, type KvSlots, type SlotView } from "./kv-slots.js";

export class DeviceSlots implements KvSlots {
  private readonly names: readonly string[];
  private readonly type: "float32" | "float16";
  private readonly slotDims: readonly number[];
  private readonly slotBytes: number;
  private readonly session: OrtSession;
  private readonly copying: OrtBinding;
  private readonly parts: ReadonlyMap<string, DeviceMemory>;
  private readonly views: SlotViews;

  /** BackendError where the device has too little memory. */
  constructor(
    private readonly spec: ModelSpec,
    readonly slots: number,
    readonly slotTokens: number,
    device: OrtDevice,
  ) {
    const { shape, precision } = spec;
    this.names = cacheParts(shape);
    this.type = precision === "fp32" ? "float32" : "float16";
    this.slotDims = [kvHeads(shape), slotTokens, headWidth(shape)];
    this.slotBytes = kvHeads(shape) * slotTokens * headWidth(shape) * (precision === "fp32" ? 4 : 2);
    this.session = new OrtSession(encodeModel(slotCopyGraph(spec)), { device, threads: 1 });
    this.copying = new OrtBinding(this.session);
    this.parts = new Map(this.names.map((name) => [name, new DeviceMemory(this.session, slots * this.slotBytes)]));
    this.views = new SlotViews(slots, (first, rows) => this.makeView(first, rows));
    // New memory may hold NaN, and a kernel may multiply it by zero.
    const zeros = this.hostSlot();
    for (let slot = 0; slot < slots; slot++) {
      this.run(
        () => zeros,
        (name) => this.view(slot, 1).get(name)!,
      );
    }
    zeros.release();
  }

  view(first: number, rows: number): SlotView {
    return this.views.get(first, rows);
  }

  copy(from: number, to: number): void {
    const [source, target] = [this.view(from, 1), this.view(to, 1)];
    this.run(
      (name) => source.get(name)!,
      (name) => target.get(name)!,
    );
  }

  sample(slot: number, tokens: number): ArrayLike<number> {
    const source = this.view(slot, 1);
    const into = this.hostSlot();
    this.run(
      (name) => source.get(name)!,
      (_, part) => (part === 0 ? into : undefined),
    );
    const numbers = into.data as Float32Array | Uint16Array;
    into.release();
    const [, , width] = this.slotDims as [number, number, number];
    const start = numbers.length - this.slotTokens * width;
    return numbers.slice(start, start + tokens * width);
  }

  release(): void {
    this.copying.release();
    this.views.release();
    for (const part of this.parts.values()) part.release();
    this.session.release();
  }

  /** Copies a slot of each part that `to` names a place for. */
  private run(
    from: (name: string, part: number) => OrtTensor,
    to: (name: string, part: number) => OrtTensor | undefined,
  ): void {
    this.copying.clearOutputs();
    for (const [part, name] of this.names.entries()) {
      this.copying.input(slotNames.from(name), from(name, part));
      const target = to(name, part);
      if (target !== undefined) this.copying.output(slotNames.to(name), target);
    }
    this.copying.run();
  }

  private hostSlot(): HostTensor {
    const { precision } = this.spec;
    const count = this.slotDims.reduce((product, size) => product * size, 1);
    const numbers = precision === "fp32" ? new Float32Array(count) : new Uint16Array(count);
    return new HostTensor(numbers, [1, ...this.slotDims], this.type);
  }

  private makeView(first: number, rows: number): SlotView {
    const dims = [rows, ...this.slotDims];
    return new Map(
      [...this.parts].map(([name, memory]) => [name, memory.tensor(first * this.slotBytes, dims, this.type)]),
    );
  }
}
