/**
 * The worker thread: owns the ONNX Runtime sessions and answers each command with one reply, in order.
 * Started by executor.ts only; all calls to ONNX Runtime that touch tensors are made here.
 */
import { parentPort, workerData } from "node:worker_threads";
import { InvariantError } from "../../formats/index.js";
import { readPeakRssBytes, resetPeakRss, type WorkerReply } from "../worker/index.js";
import type { BatchRun } from "./batch.js";
import { openExportedSessions } from "./exported-sessions.js";
import type { BatchSessions } from "./open-session.js";
import { openCachedSessions } from "./sessions.js";
import { openUncachedSessions } from "./uncached-sessions.js";
import type { WorkerCommand, WorkerOptions } from "./worker-protocol.js";

const port = parentPort;
if (port === null) throw new InvariantError("onnx/batches/worker.js runs as a worker thread only");

const options = workerData as WorkerOptions;
let sessions: BatchSessions | undefined;
let queue = Promise.resolve();
port.on("message", (command: WorkerCommand) => {
  queue = queue.then(async () => {
    port.postMessage(await answer(command).catch(failure));
  });
});

async function answer(command: WorkerCommand): Promise<WorkerReply<BatchRun>> {
  switch (command.kind) {
    case "load":
      sessions = await openSessions();
      return {};
    case "run": {
      if (sessions === undefined)
        throw new InvariantError("a batch reached the ONNX worker before its model was loaded");
      const isReset = resetPeakRss();
      const run = await sessions.run(command.batch);
      return { answer: { ...run, peakRssBytes: readPeakRssBytes(isReset) } };
    }
    case "close":
      await sessions?.release();
      return {};
  }
}

function openSessions(): Promise<BatchSessions> {
  const { exported } = options.model;
  if (exported) return openExportedSessions(options, exported);
  return options.mode === "cached" ? openCachedSessions(options) : openUncachedSessions(options);
}

function failure(error: unknown): WorkerReply<never> {
  return { error: error instanceof Error ? error : new Error(String(error)) };
}
