/**
 * Runs one batch in a process of its own and says whether memory was enough. A batch that takes too much ends that
 * process, not this one: it is the first that the kernel ends, and on the CPU it may not take more than a limit.
 */
import { execFile } from "node:child_process";
import { BackendError } from "../../formats/index.js";
import { workerFile } from "../../formats/files/index.js";
import type { ModelFiles } from "../models/index.js";

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
  /** `why` is the runtime's own message, or how the process ended. */
  | { readonly fits: false; readonly why: string };

/** The process's reply. */
export type TryReply =
  { readonly peakBytes: number } | { readonly outOfMemory: string } | { readonly otherError: string };

/** The signals by which the kernel ends a process when memory runs out, and a runtime ends itself. */
const memorySignals: readonly string[] = ["SIGKILL", "SIGABRT", "SIGSEGV", "SIGBUS"];

export interface TryOptions {
  /** Ends the process; tryBatch then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** What runs the batch; absent: the one of this package. */
  readonly programPath?: string;
}

/** Throws BackendError where the batch fails for another reason than memory. */
export async function tryBatch(batch: TriedBatch, options: TryOptions = {}): Promise<TryOutcome> {
  const { stdout, stderr, ended, byUs } = await runProcess(batch, options);
  options.signal?.throwIfAborted();
  const reply = parseReply(stdout);
  if (reply === undefined) {
    if (!memorySignals.includes(ended) || byUs) {
      const said = stderr.trim().split("\n").at(-1) ?? "";
      throw new BackendError(
        `a batch tried in its own process ended without an answer (${ended})${said === "" ? "" : `: ${said}`}`,
      );
    }
    return { fits: false, why: `its process was ended: ${ended}` };
  }
  if ("otherError" in reply) throw new BackendError(`a batch tried in its own process failed: ${reply.otherError}`);
  return "peakBytes" in reply ? { fits: true, ...reply } : { fits: false, why: reply.outOfMemory };
}

interface EndedProcess {
  readonly stdout: string;
  readonly stderr: string;
  /** A signal's name, or the exit code. */
  readonly ended: string;
  /** It took too long, and was ended. */
  readonly byUs: boolean;
}

/** A batch that takes longer than this hangs. */
const MAX_MS = 3_600_000;

function runProcess(
  batch: TriedBatch,
  { signal, programPath = workerFile("try-batch") }: TryOptions,
): Promise<EndedProcess> {
  const options = { maxBuffer: 2 ** 24, timeout: MAX_MS, killSignal: "SIGKILL", signal } as const;
  return new Promise((resolve) => {
    execFile(process.execPath, [programPath, JSON.stringify(batch)], options, (error, stdout, stderr) => {
      const ended = error?.signal ?? `exit code ${String(error?.code ?? 0)}`;
      resolve({ stdout, stderr, ended, byUs: error?.killed === true });
    });
  });
}

/** The last line, if it is an answer. */
function parseReply(stdout: string): TryReply | undefined {
  const line = stdout.trim().split("\n").at(-1) ?? "";
  return line.startsWith("{") ? (JSON.parse(line) as TryReply) : undefined;
}
