/** The memory that a real run's policy looks at: the process's own, or the GPU's as nvidia-smi sees it. Bytes. */
import { totalmem } from "node:os";
import { GpuMemoryWatch, readGpu, type Gpu } from "../../machine/index.js";

export interface RealMemory {
  readonly totalBytes: number;
  /** In use when it was started. */
  readonly baseBytes: number;
  /** Only on a GPU; on the CPU the executor reports the peak of each batch. */
  readonly takePeakBytes?: () => number;
  readonly gpu?: Gpu;
  stop(): void;
}

/** `totalMib` absent: all there is. BackendError where a GPU's memory cannot be read. */
export async function startMemory(device: "cpu" | "cuda", totalMib: number | undefined): Promise<RealMemory> {
  const given = totalMib === undefined ? undefined : totalMib * 2 ** 20;
  if (device === "cpu") {
    return { totalBytes: given ?? totalmem(), baseBytes: process.memoryUsage.rss(), stop: () => undefined };
  }
  const gpu = await readGpu();
  const watch = await GpuMemoryWatch.start();
  return {
    totalBytes: given ?? gpu.totalBytes,
    baseBytes: gpu.usedBytes,
    gpu,
    takePeakBytes: () => watch.takePeakBytes(),
    stop: () => {
      watch.stop();
    },
  };
}
