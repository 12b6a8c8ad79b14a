/** Sessions and tensors of ONNX Runtime's C API: a tensor is a view of a typed array, read and written where it lies. */
import koffi from "koffi";
import { ortLibrary, type OrtLibrary } from "./ort-library.js";

/** ONNX's numbers of element types. */
const elementTypes = { float32: 1, int32: 6, int64: 7, float16: 10 } as const;
export type ElementType = keyof typeof elementTypes;

const LOG_FATAL = 4;
const OPTIMISE_ALL = 99;
/** OrtDeviceAllocator, and memory of the default kind. */
const CPU_ALLOCATOR = [0, 0] as const;

let environment: bigint | undefined;
let cpuMemory: bigint | undefined;

/** A typed array as ONNX Runtime takes it; the array stays where it is and belongs to the caller. Release it after use. */
export class OrtTensor {
  readonly pointer: bigint;

  /** `dims` are those of the whole array: their product is its length. */
  constructor(
    readonly data: NodeJS.TypedArray,
    readonly dims: readonly number[],
    type: ElementType,
  ) {
    const ort = ortLibrary();
    cpuMemory ??= ort.make("createCpuMemoryInfo", ...CPU_ALLOCATOR);
    const sizes = BigInt64Array.from(dims, BigInt);
    // An empty array has no address of its own.
    const memory = data.length === 0 ? new Uint8Array(8) : data;
    this.pointer = ort.make(
      "createTensorWithData",
      cpuMemory,
      memory,
      data.byteLength,
      sizes,
      sizes.length,
      elementTypes[type],
    );
  }

  release(): void {
    ortLibrary().release("releaseValue", this.pointer);
  }
}

export interface OrtSessionOptions {
  readonly threads: number;
}

/** A loaded graph. `run` blocks its thread. */
export class OrtSession {
  private readonly ort: OrtLibrary = ortLibrary();
  private readonly pointer: bigint;
  /** Names as C has them, which must outlive each call. */
  private readonly texts = new Map<string, Uint8Array>();

  /** BackendError where the file is no graph that this version runs. */
  constructor(path: string, { threads }: OrtSessionOptions) {
    const { ort } = this;
    environment ??= ort.make("createEnv", LOG_FATAL, "servesim");
    const options = ort.make("createSessionOptions");
    try {
      ort.call("setIntraOpThreads", options, threads);
      ort.call("setInterOpThreads", options, 1);
      ort.call("setGraphOptimization", options, OPTIMISE_ALL);
      ort.call("setLogSeverity", options, LOG_FATAL);
      // As for the static graphs (open-session.ts).
      ort.call("disableMemPattern", options);
      ort.call("addSessionConfigEntry", options, "session.intra_op.allow_spinning", "0");
      this.pointer = ort.make("createSession", environment, path, options);
    } finally {
      ort.release("releaseSessionOptions", options);
    }
  }

  /** Reads the inputs and writes the outputs, which may share memory where the graph's kernels allow it. */
  run(inputs: ReadonlyMap<string, OrtTensor>, outputs: ReadonlyMap<string, OrtTensor>): void {
    this.ort.call(
      "run",
      this.pointer,
      null,
      this.pointersToNames(inputs),
      pointersOf(inputs),
      inputs.size,
      this.pointersToNames(outputs),
      outputs.size,
      pointersOf(outputs),
    );
  }

  release(): void {
    this.ort.release("releaseSession", this.pointer);
  }

  private pointersToNames(tensors: ReadonlyMap<string, OrtTensor>): BigUint64Array {
    return BigUint64Array.from(tensors.keys(), (name) => {
      const text = this.texts.get(name) ?? new TextEncoder().encode(`${name}\0`);
      this.texts.set(name, text);
      return koffi.address(text);
    });
  }
}

function pointersOf(tensors: ReadonlyMap<string, OrtTensor>): BigUint64Array {
  return BigUint64Array.from(tensors.values(), ({ pointer }) => pointer);
}
