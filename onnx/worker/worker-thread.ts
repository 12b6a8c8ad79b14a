/**
 * The main thread's side of a worker that runs batches: one request and one answer at a time, in order. An answer with
 * an error, the thread's death or its silence rejects with BackendError.
 */
import type { Worker } from "node:worker_threads";
import { BackendError } from "../../formats/index.js";
import { cudaRemedy } from "../providers/index.js";

/** Longest time for a worker to end after the request to close, ms. */
const CLOSE_LIMIT_MS = 30_000;

interface Waiting<Answer> {
  readonly resolve: (answer: Answer | undefined) => void;
  readonly reject: (error: BackendError) => void;
  readonly limitMs: number;
}

/** Commands of every worker of a model: `load` comes first and once, `close` last. */
type LifeCommand = { readonly kind: "load" } | { readonly kind: "close" };

/** The command's result, or the error it failed with. */
export interface WorkerReply<Answer> {
  readonly answer?: Answer;
  readonly error?: Error;
}

/** One request and one answer at a time, in order; an answer with an error, or the thread's death, rejects. */
export class WorkerThread<Command, Answer> {
  private readonly waiting: Waiting<Answer>[] = [];
  private ended: BackendError | undefined;
  private closed: Promise<void> | undefined;
  private deadline: NodeJS.Timeout | undefined;

  constructor(
    private readonly worker: Worker,
    private readonly what: string,
  ) {
    worker.on("message", (reply: WorkerReply<Answer>) => {
      const { resolve, reject } = this.waiting.shift()!;
      this.watchFirst();
      if (reply.error === undefined) resolve(reply.answer);
      else reject(asBackendError(reply.error, what));
    });
    worker.on("error", (error: Error) => {
      this.end(new BackendError(`the ONNX worker of ${what} failed: ${error.message}`, { cause: error }));
    });
    worker.on("exit", (code) => {
      this.end(new BackendError(`the ONNX worker of ${what} has ended (exit code ${code}), start a new executor`));
    });
  }

  /** `limitMs` counts from the end of what was sent before, and anew from each sign of life. */
  send(command: Command | LifeCommand, limitMs: number): Promise<Answer | undefined> {
    if (this.ended) return Promise.reject(this.ended);
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject, limitMs });
      this.worker.postMessage(command);
      if (this.waiting.length === 1) this.watchFirst();
    });
  }

  /** The worker was seen to be at work on what was sent. */
  isAlive(): void {
    if (this.ended === undefined) this.watchFirst();
  }

  /** Posts a command that has no answer. */
  tell(command: Command): void {
    if (this.ended === undefined) this.worker.postMessage(command);
  }

  async load(limitMs: number): Promise<void> {
    try {
      await this.send({ kind: "load" }, limitMs);
    } catch (error) {
      await this.worker.terminate();
      throw error;
    }
  }

  close(): Promise<void> {
    this.closed ??= this.ended ? Promise.resolve() : this.stop();
    return this.closed;
  }

  private async stop(): Promise<void> {
    try {
      await this.send({ kind: "close" }, CLOSE_LIMIT_MS);
    } finally {
      await this.worker.terminate();
    }
  }

  /** The first in the queue is being worked on; a worker that hangs is given up. */
  private watchFirst(): void {
    clearTimeout(this.deadline);
    const [first] = this.waiting;
    if (first === undefined) return;
    this.deadline = setTimeout(() => {
      const limit = `${first.limitMs / 1e3} s`;
      this.end(new BackendError(`the ONNX worker of ${this.what} gave no answer within ${limit}, so it hangs`));
      // A thread that is stuck in native code does not end; it must not keep the process either.
      this.worker.unref();
      void this.worker.terminate();
    }, first.limitMs);
  }

  private end(error: BackendError): void {
    clearTimeout(this.deadline);
    this.ended ??= error;
    for (const { reject } of this.waiting.splice(0)) reject(this.ended);
  }
}

function asBackendError(cause: Error, what: string): BackendError {
  const remedy = cudaRemedy(cause.message);
  if (remedy !== undefined) return new BackendError(`device "cuda" is not available: ${remedy}`, { cause });
  const isMemory = /bad_alloc|bad allocation|out of memory|failed to allocate|array buffer allocation/i.test(
    cause.message,
  );
  const advice = isMemory ? ": out of memory, choose a smaller batch, shorter prompts or a smaller model" : "";
  return new BackendError(`ONNX Runtime failed with ${what}${advice}: ${cause.message}`, { cause });
}
