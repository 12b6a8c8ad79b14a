/** What the machine is, for the profile's manifest and to reject resuming on another one. Memory in bytes. */
import { execFile } from "node:child_process";
import { availableParallelism, cpus, freemem, release, totalmem, type, arch } from "node:os";
import { promisify } from "node:util";
import { BackendError, type Profile, least } from "../formats/index.js";

/** Longest wait for nvidia-smi, which hangs on a GPU that has fallen off the bus. */
export const NVIDIA_SMI_MS = 20_000;

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

/** Bytes that this process may still take: what the system has left, or less where a container or ulimit limits it. */
export function availableMemoryBytes(): number {
  const containerBytes = process.constrainedMemory();
  const limits = [containerBytes > 0 ? containerBytes : Infinity, ...ulimitBytes()];
  const limitBytes = least(limits.filter((bytes) => bytes < totalmem()));
  return Math.max(0, Math.min(freemem(), limitBytes - process.memoryUsage.rss()));
}

/** What `ulimit -d` and `ulimit -v` allow this process; none of them on most machines. */
function ulimitBytes(): number[] {
  const { userLimits = {} } = process.report.getReport() as { userLimits?: Record<string, { soft: unknown }> };
  return ["data_seg_size_kbytes", "virtual_memory_kbytes"].flatMap((name) => {
    const soft = Number(userLimits[name]?.soft);
    return Number.isFinite(soft) ? [soft * 1024] : [];
  });
}

/** The first GPU, its memory in use included; BackendError when nvidia-smi does not answer. */
export async function readGpu(): Promise<Gpu> {
  const query = ["--query-gpu=name,driver_version,memory.total,memory.used", "--format=csv,noheader,nounits", "--id=0"];
  try {
    const { stdout } = await promisify(execFile)("nvidia-smi", query, {
      timeout: NVIDIA_SMI_MS,
      killSignal: "SIGKILL",
    });
    const [name = "", driver = "", totalMib, usedMib] = stdout.trim().split(/\s*,\s*/);
    return { name, driver, totalBytes: Number(totalMib) * 2 ** 20, usedBytes: Number(usedMib) * 2 ** 20 };
  } catch (cause) {
    throw new BackendError("cannot read the GPU's memory: nvidia-smi did not answer; install it, or use --device cpu", {
      cause,
    });
  }
}
