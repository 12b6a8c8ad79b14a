/**
 * Memory in use on the first GPU, sampled while batches run: one nvidia-smi that repeats itself, since starting one takes
 * longer than a batch. The runtime's arena gives nothing back, so a peak between two samples is in the next one. Bytes.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { BackendError } from "../formats/index.js";
import { NVIDIA_SMI_MS } from "./describe-machine.js";

const EVERY_MS = 50;
const MIB = 2 ** 20;

export class GpuMemoryWatch {
  private newest = 0;
  private most = 0;
  samples = 0;

  private constructor(private readonly child: ChildProcess) {}

  /** Resolves at the first sample; BackendError where `program` gives none, or not within `withinMs`. */
  static async start(program = "nvidia-smi", withinMs = NVIDIA_SMI_MS): Promise<GpuMemoryWatch> {
    const query = ["--query-gpu=memory.used", "--format=csv,noheader,nounits", "--id=0", `--loop-ms=${EVERY_MS}`];
    const child = spawn(program, query, { stdio: ["ignore", "pipe", "ignore"] });
    const watch = new GpuMemoryWatch(child);
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string): void => {
        clearTimeout(timer);
        child.kill("SIGKILL");
        reject(new BackendError(`cannot watch the GPU's memory: nvidia-smi ${why}; install it, or use --device cpu`));
      };
      const timer = setTimeout(() => {
        fail(`said nothing within ${withinMs / 1e3} s`);
      }, withinMs);
      child.on("error", (error) => {
        fail(`did not start (${error.message})`);
      });
      child.on("close", (code) => {
        fail(`ended with code ${code ?? "none"}`);
      });
      createInterface({ input: child.stdout }).on("line", (line) => {
        const mib = Number(line);
        if (line.trim() === "" || Number.isNaN(mib)) {
          fail(`said "${line}", expected MiB`);
          return;
        }
        watch.add(mib * MIB);
        clearTimeout(timer);
        resolve();
      });
    });
    return watch;
  }

  /** The most since the last call, at least the newest sample. */
  takePeakBytes(): number {
    const peak = this.most;
    this.most = this.newest;
    return peak;
  }

  stop(): void {
    this.child.kill();
  }

  private add(bytes: number): void {
    this.samples++;
    this.newest = bytes;
    this.most = Math.max(this.most, bytes);
  }
}
