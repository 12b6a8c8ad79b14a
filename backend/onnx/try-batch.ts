/**
 * Runs one batch in a process of its own and says whether memory was enough. A batch that takes too much ends that process,
 * not this one: it is the first that the kernel ends, and on the CPU it may not take more than a limit.
 */
import { execFile } from "node:child_process";
import { BackendError } from "../../formats/index.js";
import type { ModelFiles } from "./model-cache.js";

export interface TriedBatch {
  readonly model: ModelFiles;
  readonly device: "cpu" | "cuda";
  readonly threads: number;
  readonly rows: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
  /** Resident memory that the process may take, as a container's limit counts it; absent: what the system gives. */
  readonly limitBytes?: number;
}

export type TryOutcome =
  | { readonly fits: true; readonly peakBytes: number }
  /** `why` is the runtime's own word, or how the process ended. */
  | { readonly fits: false; readonly why: string };

/** What the process prints. */
export type TryReply =
  { readonly peakBytes: number } | { readonly outOfMemory: string } | { readonly otherError: string };

/** Throws BackendError where the batch fails for another reason than memory. */
export async function tryBatch(batch: TriedBatch): Promise<TryOutcome> {
  const { stdout, ended } = await runProcess(batch);
  const reply = parseReply(stdout);
  if (reply === undefined) {
    if (ended === undefined) throw new BackendError("a batch tried in its own process ended without an answer");
    return { fits: false, why: `its process was ended: ${ended}` };
  }
  if ("otherError" in reply) throw new BackendError(`a batch tried in its own process failed: ${reply.otherError}`);
  return "peakBytes" in reply ? { fits: true, ...reply } : { fits: false, why: reply.outOfMemory };
}

async function runProcess(batch: TriedBatch): Promise<{ readonly stdout: string; readonly ended?: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [programPath(), JSON.stringify(batch)], { maxBuffer: 2 ** 24 }, (error, stdout) => {
      resolve(error === null ? { stdout } : { stdout, ended: error.signal ?? `exit code ${String(error.code)}` });
    });
  });
}

/** The last line, if it is an answer. */
function parseReply(stdout: string): TryReply | undefined {
  const line = stdout.trim().split("\n").at(-1) ?? "";
  return line.startsWith("{") ? (JSON.parse(line) as TryReply) : undefined;
}

/** Compiled code lies beside this file; TypeScript sources (Jest, tsx) run the one compiled into dist/. */
function programPath(): string {
  const isSource = import.meta.url.endsWith(".ts");
  return new URL(isSource ? "../../dist/backend/onnx/try-batch-main.js" : "./try-batch-main.js", import.meta.url)
    .pathname;
}
