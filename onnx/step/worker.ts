/** The worker thread of a step executor: owns the sessions and the KV cache, and answers each command with one reply, in order. */
import { parentPort, workerData } from "node:worker_threads";
import { InvariantError } from "../../formats/index.js";
import type { WorkerReply } from "../worker/index.js";
import { ContinuousBatch } from "./continuous-batch.js";
import type { StepCommand, StepRun, StepWorkerOptions } from "./step-protocol.js";

const port = parentPort;
if (port === null) throw new InvariantError("onnx/step/worker.js runs as a worker thread only");
let batch: ContinuousBatch | undefined;

port.on("message", (command: StepCommand | { readonly kind: "load" | "close" }) => {
  let reply: WorkerReply<StepRun>;
  try {
    reply = answer(command);
  } catch (error) {
    reply = { error: error instanceof Error ? error : new Error(String(error)) };
  }
  port.postMessage(reply);
});

function answer(command: StepCommand | { readonly kind: "load" | "close" }): WorkerReply<StepRun> {
  switch (command.kind) {
    case "load":
      batch = new ContinuousBatch(workerData as StepWorkerOptions);
      return {};
    case "step":
      if (batch === undefined) throw new InvariantError("a step reached the ONNX worker before its model was loaded");
      return { answer: run(batch, command) };
    case "close":
      batch?.release();
      return {};
  }
}

function run(on: ContinuousBatch, { requests, ended }: StepCommand): StepRun {
  const startNs = Number(process.hrtime.bigint());
  const [copies, runtimeNs] = [on.slotCopies, on.runtimeNs];
  if (ended === "all") on.endAll();
  else for (const request of ended) on.end(request);
  const tokens = on.step(requests);
  const endNs = Number(process.hrtime.bigint());
  return {
    startNs,
    endNs,
    runtimeNs: on.runtimeNs - runtimeNs,
    tokens,
    slotCopies: on.slotCopies - copies,
  };
}
