/**
 * The worker thread of a step executor: owns the model and the KV cache. It computes single steps, or drives a whole
 * workload with a scheduler in this very thread, as an engine does whose steps block it: a message between two threads
 * before and after each step would take longer than scheduling it.
 */
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { defined, InvariantError, type WorkloadRequest } from "../../formats/index.js";
import { ContinuousBatch, type WorkerReply } from "../../onnx/index.js";
import { attemptsOf, planPolicy, summarise, tableOf, type StepAssignment, type StepPolicy } from "../../sim/index.js";
import { realClock } from "../clock.js";
import { driveSteps } from "../drive-steps.js";
import { requestRow } from "../request-rows.js";
import type { DriveStepsInput } from "../steps-run.js";
import { tokenSeed } from "./real-run.js";
import { RequestTokens } from "./request-tokens.js";
import { SharedRows } from "./shared-rows.js";
import {
  WARM_UP_STEPS,
  type DriveCommand,
  type DrivenEnd,
  type DrivenRun,
  type SingleStep,
  type StepCommand,
  type StepRun,
  type StepWorkerOptions,
} from "./step-protocol.js";

type Command = StepCommand | { readonly kind: "load" | "close" };
type Reply = WorkerReply<StepRun | DrivenEnd>;

/** Enough for the compiler to have seen what recurs; a tenth of a second. Longer prompts are rehearsed as ones of that length. */
const REHEARSAL = { requests: 128, concurrency: 16, promptTokens: 512, outputTokens: 24 };
/** A report says that the thread lives, even one of nothing. */
const LIFE_SIGN_MS = 10_000;
/** Belongs to no request. */
const WARM_UP_REQUEST = -1;

const port = parentPort;
if (port === null) throw new InvariantError("real/onnx/step-worker.js runs as a worker thread only");
let batch: ContinuousBatch | undefined;
let abort = new AbortController();
let queue = Promise.resolve();
/** Policies whose steps this thread has rehearsed. */
const rehearsed = new Set<string>();

port.on("message", take);

function take(command: Command): void {
  if (command.kind === "stop") abort.abort();
  else {
    queue = queue.then(async () => {
      tell(await answer(command).catch((error: unknown) => ({ error: error as Error })));
    });
  }
}

function tell(reply: Reply): void {
  port!.postMessage(reply);
}

async function answer(command: Exclude<Command, { kind: "stop" }>): Promise<Reply> {
  switch (command.kind) {
    case "load":
      batch = new ContinuousBatch(workerData as StepWorkerOptions);
      return {};
    case "step":
      return { answer: runStep(loaded(), command) };
    case "drive":
      return { answer: await drive(loaded(), command) };
    case "close":
      batch?.release();
      return {};
  }
}

function loaded(): ContinuousBatch {
  if (batch === undefined) throw new InvariantError("a step reached the ONNX worker before its model was loaded");
  return batch;
}

function runStep(on: ContinuousBatch, { requests, ended }: Omit<SingleStep, "kind">, isRehearsal = false): StepRun {
  const startNs = realClock.nowNs();
  const [copies, runtimeNs] = [on.slotCopies, on.runtimeNs];
  if (ended === "all") on.endAll();
  else for (const request of ended) on.end(request);
  const tokens = on.step(requests, isRehearsal);
  const endNs = realClock.nowNs();
  return {
    ...{ startNs, endNs, tokens },
    runtimeNs: on.runtimeNs - runtimeNs,
    slotCopies: on.slotCopies - copies,
  };
}

async function drive(on: ContinuousBatch, run: DriveCommand): Promise<DrivenEnd> {
  if (!rehearsed.has(run.policy)) await rehearse(on, run);
  rehearsed.add(run.policy);
  warmUp(on);
  abort = new AbortController();
  const { workload, promptIds, tokenSeed: seed } = run;
  const ended = new SharedRows(run.ended);
  const attempts = attemptsOf(workload);
  const tokens = new RequestTokens(
    promptIds.flatMap((ids) => Array.from({ length: attempts }, () => ids)),
    seed === undefined ? undefined : (index) => tokenSeed({ seed, workload }, Math.floor(index / attempts)),
  );
  const lifeSigns = setInterval(() => {
    ended.write([]);
  }, LIFE_SIGN_MS);
  try {
    const { log, preemptions, kvBlocks, sendLagsNs, interrupted, hasFailed, giveUps } = await driveSteps({
      ...{ workload, schedulers: policyOf(run), clock: realClock, signal: abort.signal },
      ...telling(new SharedRows(run.steps), ended, tokens),
      runStep(work, released) {
        const done = runWork(on, { work, released, isRehearsal: false }, tokens);
        // Messages are not delivered while steps follow at once.
        for (let next = receiveMessageOnPort(port!); next !== undefined; next = receiveMessageOnPort(port!)) {
          take(next.message as Command);
        }
        return done;
      },
    });
    return {
      ...{ preemptions, kvBlocks, sendLagsNs },
      ...defined({ interrupted, hasFailed }),
      ...(interrupted === undefined ? { summary: { ...summarise(tableOf(log), { itl: log.gaps }), ...giveUps } } : {}),
    };
  } finally {
    clearInterval(lifeSigns);
    on.endAll();
  }
}

/** Tells the main thread of steps and requests as they end. */
function telling(
  steps: SharedRows,
  ended: SharedRows,
  tokens: RequestTokens,
): Pick<DriveStepsInput, "onEnded" | "onStep"> {
  return {
    onStep: (row) => {
      steps.write(row);
    },
    onEnded: (log, index, entry) => {
      ended.write(requestRow(log, index, { entry, tokens: tokens.output(index) }));
    },
  };
}

function runWork(
  on: ContinuousBatch,
  {
    work,
    released,
    isRehearsal,
  }: {
    readonly work: readonly StepAssignment[];
    readonly released: readonly number[];
    readonly isRehearsal: boolean;
  },
  tokens: RequestTokens,
): StepRun {
  const requests = work.map((one) => tokens.requestOf(one));
  const done = runStep(on, { requests, ended: released }, isRehearsal);
  for (const [index, token] of done.tokens) tokens.add(index, token);
  return done;
}

/**
 * Code that runs for the first time is compiled first, and interpreted for a while: the first steps of a run took twice as long around the
 * runtime as its last ones. So the policy schedules some hundred steps that are not computed.
 */
async function rehearse(on: ContinuousBatch, run: DrivenRun): Promise<void> {
  const { requests: count, concurrency, promptTokens, outputTokens } = REHEARSAL;
  const own = run.workload.requests;
  const requests = Array.from({ length: own.length === 0 ? 0 : count }, (_, at): WorkloadRequest => ({
    id: String(at),
    arrivalNs: 0,
    promptTokens: Math.min(promptTokens, own[at % own.length]!.promptTokens),
    outputTokens: 1 + ((7 * at) % outputTokens),
  }));
  const tokens = new RequestTokens(requests.map((request) => Array.from({ length: request.promptTokens }, () => 0)));
  const [steps, ended] = [new SharedRows(), new SharedRows()];
  await driveSteps({
    workload: { requests, maxConcurrency: concurrency, thinkNs: 0 },
    ...{ schedulers: policyOf(run), clock: realClock },
    ...telling(steps, ended, tokens),
    runStep: (work, released) => {
      for (const rows of [steps, ended]) rows.read(() => undefined);
      return runWork(on, { work, released, isRehearsal: true }, tokens);
    },
  });
  on.endAll();
}

function policyOf({ policy, settings, machine }: DrivenRun): StepPolicy {
  const plan = planPolicy(policy, settings, { source: "run" });
  if (plan.work !== "step") throw new InvariantError(`policy "${policy}" runs whole batches`);
  return plan.create(machine);
}

function warmUp(on: ContinuousBatch): void {
  const first = { request: WARM_UP_REQUEST, ids: [0], past: 0, next: { uniform: 0 } };
  for (let step = 0; step < WARM_UP_STEPS; step++) runStep(on, { requests: [first], ended: "all" });
  on.endAll();
}
