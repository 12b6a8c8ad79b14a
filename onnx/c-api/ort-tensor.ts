/**
 * Tensors that are read and written where they lie: views of a typed array (main memory), or of a block of a
 * device's memory. Release each after use.
 */
import { InvariantError } from "../../formats/index.js";
import { memoryOf, type OnDevice, type OrtDevice } from "./ort-device.js";
import { ortLibrary } from "./ort-library.js";

/** ONNX's numbers of element types, and their bytes. */
const elementTypes = {
  float32: { number: 1, bytes: 4 },
  int32: { number: 6, bytes: 4 },
  int64: { number: 7, bytes: 8 },
  float16: { number: 10, bytes: 2 },
} as const;
export type ElementType = keyof typeof elementTypes;

export interface OrtTensor {
  /** The OrtValue. */
  readonly pointer: bigint;
  readonly device: OrtDevice;
  release(): void;
}

/** A typed array as ONNX Runtime takes it. `dims` are those of the whole array: their product is its length. */
export class HostTensor implements OrtTensor {
  readonly pointer: bigint;
  readonly device = "cpu";

  constructor(
    readonly data: NodeJS.TypedArray,
    dims: readonly number[],
    type: ElementType,
  ) {
    // An empty array has no address of its own.
    const memory = data.length === 0 ? new Uint8Array(8) : data;
    this.pointer = makeTensor("cpu", { memory, bytes: data.byteLength, dims, type });
  }

  release(): void {
    ortLibrary().tell("releaseValue", this.pointer);
  }
}

/** Memory of a session's device, from ONNX Runtime's own allocator. Its content is undefined. */
export class DeviceMemory {
  private readonly ort = ortLibrary();
  private readonly device: OrtDevice;
  private readonly allocator: bigint;
  private readonly start: bigint;

  /** BackendError where the device has too little. The session must outlive it. */
  constructor(
    session: OnDevice,
    private readonly bytes: number,
  ) {
    this.device = session.device;
    this.allocator = this.ort.make("createAllocator", session.pointer, memoryOf(this.device));
    try {
      this.start = this.ort.make("allocatorAlloc", this.allocator, bytes);
    } catch (error) {
      this.ort.tell("releaseAllocator", this.allocator);
      throw error;
    }
  }

  /** A tensor over the memory from `offset` bytes on. */
  tensor(offset: number, dims: readonly number[], type: ElementType): OrtTensor {
    const bytes = dims.reduce((product, size) => product * size, elementTypes[type].bytes);
    if (offset + bytes > this.bytes) {
      throw new InvariantError(`a tensor of ${bytes} bytes at ${offset} in a memory of ${this.bytes}`);
    }
    const { device, ort } = this;
    const pointer = makeTensor(device, { memory: this.start + BigInt(offset), bytes, dims, type });
    return {
      pointer,
      device,
      release() {
        ort.tell("releaseValue", pointer);
      },
    };
  }

  /** After all of its tensors. */
  release(): void {
    this.ort.call("allocatorFree", this.allocator, this.start);
    this.ort.tell("releaseAllocator", this.allocator);
  }
}

interface TensorPlace {
  readonly memory: NodeJS.TypedArray | bigint;
  readonly bytes: number;
  readonly dims: readonly number[];
  readonly type: ElementType;
}

function makeTensor(device: OrtDevice, { memory, bytes, dims, type }: TensorPlace): bigint {
  const sizes = BigInt64Array.from(dims, BigInt);
  const { number } = elementTypes[type];
  return ortLibrary().make("createTensorWithData", memoryOf(device), memory, bytes, sizes, sizes.length, number);
}
