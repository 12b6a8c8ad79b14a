/** Where a session computes and where its tensors lie: main memory, or that of the first CUDA device. */
import { BackendError } from "../../formats/index.js";
import { cStrings } from "./c-strings.js";
import { ortLibrary } from "./ort-library.js";

export type OrtDevice = "cpu" | "cuda";

/** Something of the C API that belongs to a device. */
export interface OnDevice {
  readonly device: OrtDevice;
  readonly pointer: bigint;
}

/** Names that ONNX Runtime gives a device's memory and the provider of its kernels. */
const names = {
  cpu: { memory: "Cpu", provider: "CPUExecutionProvider" },
  cuda: { memory: "Cuda", provider: "CUDAExecutionProvider" },
} as const;

/** OrtDeviceAllocator, the first device, and memory of the default kind. */
const MEMORY_KIND = [0, 0, 0] as const;

/**
 * An allocation grows by what is asked for: by default it doubles, which a KV cache that nearly fills the device does
 * not survive.
 */
const cudaOptions = { device_id: "0", arena_extend_strategy: "kSameAsRequested" };

const memories = new Map<OrtDevice, bigint>();

/** Describes the device's memory to ONNX Runtime. */
export function memoryOf(device: OrtDevice): bigint {
  let memory = memories.get(device);
  if (memory === undefined) {
    memories.set(device, (memory = ortLibrary().make("createMemoryInfo", names[device].memory, ...MEMORY_KIND)));
  }
  return memory;
}

export function providerOf(device: OrtDevice): string {
  return names[device].provider;
}

/** Makes the session prefer the device's kernels. BackendError where its provider cannot be loaded. */
export function appendProvider(sessionOptions: bigint, device: OrtDevice): void {
  // The CPU's provider is always there.
  if (device === "cpu") return;
  const ort = ortLibrary();
  let options: bigint | undefined;
  try {
    options = ort.make("createCudaOptions");
    const [keys, values] = [Object.keys(cudaOptions), Object.values(cudaOptions)];
    ort.call("updateCudaOptions", options, cStrings(keys), cStrings(values), keys.length);
    ort.call("appendCuda", sessionOptions, options);
  } catch (cause) {
    throw new BackendError(`device "cuda" is not available: ${(cause as Error).message}`, { cause });
  } finally {
    if (options !== undefined) ort.tell("releaseCudaOptions", options);
  }
}
