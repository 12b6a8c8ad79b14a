/** What the machine is, for the profile's manifest and to refuse resuming on another one. Memory in bytes. */
import { execFile } from "node:child_process";
import { availableParallelism, cpus, freemem, release, totalmem, type, arch } from "node:os";
import { promisify } from "node:util";
import { BackendError, type Profile } from "../formats/index.js";

/** A GPU as nvidia-smi sees it. */
export interface Gpu {
  readonly name: string;
  readonly driver: string;
  readonly totalBytes: number;
  readonly usedBytes: number;
}

/** The machine of a profile; `gpu` is given when the model runs there. */
export function describeMachine(ortVersion: string, gpu?: Gpu): Profile["machine"] {
  return {
    cpu: { model: cpuModel(), cores: availableParallelism() },
    memory_bytes: totalmem(),
    os: `${type()} ${release()} ${arch()}`,
    libraries: { node: process.versions.node, "onnxruntime-node": ortVersion },
    ...(gpu === undefined ? {} : { gpu: gpu.name, gpu_driver: gpu.driver, gpu_memory_bytes: gpu.totalBytes }),
  };
}

/** The CPU's name as the system gives it. */
export function cpuModel(): string {
  return cpus()[0]?.model.trim() ?? "unknown";
}

/** Bytes that this process may still take: what the system has left, or less where a container limits it. */
export function availableMemoryBytes(): number {
  const limitBytes = process.constrainedMemory();
  const isLimited = limitBytes > 0 && limitBytes < totalmem();
  return Math.max(0, isLimited ? Math.min(freemem(), limitBytes - process.memoryUsage.rss()) : freemem());
}

/** The first GPU, its memory in use included; BackendError when nvidia-smi does not answer. */
export async function readGpu(): Promise<Gpu> {
  const query = ["--query-gpu=name,driver_version,memory.total,memory.used", "--format=csv,noheader,nounits", "--id=0"];
  try {
    const { stdout } = await promisify(execFile)("nvidia-smi", query);
    const [name = "", driver = "", totalMib, usedMib] = stdout.trim().split(/\s*,\s*/);
    return { name, driver, totalBytes: Number(totalMib) * 2 ** 20, usedBytes: Number(usedMib) * 2 ** 20 };
  } catch (cause) {
    throw new BackendError(
      'cannot read the GPU\'s memory: nvidia-smi did not answer; install it, or calibrate with --device "cpu"',
      { cause },
    );
  }
}
