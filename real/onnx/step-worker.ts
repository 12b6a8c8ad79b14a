/**
 * The worker thread of a step executor: owns the model and the KV cache. It computes single steps, or drives a whole
 * workload with a scheduler in this very thread, as an engine does whose steps block it: a message between two threads
 * before and after each step would take longer than scheduling it.
 */
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { defined, InvariantError, type RequestRecord, type ScheduledStepRecord } from "../../formats/index.js";
import { ContinuousBatch, type WorkerReply } from "../../onnx/index.js";
import { planPolicy, summarise, tableOf, type StepPolicy } from "../../sim/index.js";
import { realClock } from "../clock.js";
import { driveSteps } from "../drive-steps.js";
import { tokenSeed } from "./real-run.js";
import { RequestTokens } from "./request-tokens.js";
import { WARM_UP_STEPS } from "./step-protocol.js";
import type {
  DrivenEnd,
  DrivenPart,
  DrivenRun,
  EndedRequest,
  SingleStep,
  StepCommand,
  StepRun,
  StepWorkerOptions,
} from "./step-protocol.js";

type Command = StepCommand | { readonly kind: "load" | "close" };
type Reply = WorkerReply<StepRun | DrivenEnd, DrivenPart>;

/** Steps are reported so often at least while a run goes on. */
const STEPS_NS = 50e6;
/** A report says that the thread lives, even one of nothing. */
const LIFE_SIGN_MS = 10_000;
/** Belongs to no request. */
const WARM_UP_REQUEST = -1;

const port = parentPort;
if (port === null) throw new InvariantError("real/onnx/step-worker.js runs as a worker thread only");
let batch: ContinuousBatch | undefined;
let abort = new AbortController();
let queue = Promise.resolve();

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

function runStep(on: ContinuousBatch, { requests, ended }: Omit<SingleStep, "kind">): StepRun {
  const startNs = realClock.nowNs();
  const [copies, runtimeNs] = [on.slotCopies, on.runtimeNs];
  if (ended === "all") on.endAll();
  else for (const request of ended) on.end(request);
  const tokens = on.step(requests);
  const endNs = realClock.nowNs();
  return {
    ...{ startNs, endNs, tokens },
    runtimeNs: on.runtimeNs - runtimeNs,
    slotCopies: on.slotCopies - copies,
  };
}

async function drive(on: ContinuousBatch, run: DrivenRun): Promise<DrivenEnd> {
  warmUp(on);
  abort = new AbortController();
  const { workload, promptIds, tokenSeed: seed } = run;
  const attempts = 1 + (workload.retries?.most ?? 0);
  const tokens = new RequestTokens(
    promptIds.flatMap((ids) => Array.from({ length: attempts }, () => ids)),
    seed === undefined ? undefined : (index) => tokenSeed({ seed, workload }, Math.floor(index / attempts)),
  );
  const report = new Report(tokens);
  const lifeSigns = setInterval(() => {
    report.send();
  }, LIFE_SIGN_MS);
  try {
    const { log, preemptions, kvBlocks, sendLagsNs, interrupted, hasFailed, giveUps } = await driveSteps({
      ...{ workload, schedulers: policyOf(run), clock: realClock, signal: abort.signal },
      onEnded: (record, index) => {
        report.request(record, index);
      },
      onStep: (step) => {
        report.step(step);
      },
      runStep(work, ended) {
        report.sendDue();
        const done = runStep(on, { requests: work.map((one) => tokens.requestOf(one)), ended });
        for (const [index, token] of done.tokens) tokens.add(index, token);
        // Messages are not delivered while steps follow at once.
        for (let next = receiveMessageOnPort(port!); next !== undefined; next = receiveMessageOnPort(port!)) {
          take(next.message as Command);
        }
        return done;
      },
    });
    report.send();
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

/** Gathers what ended, so that few messages are posted: requests before the next step, or when the thread is idle; steps now and then. */
class Report {
  private ended: EndedRequest[] = [];
  private steps: ScheduledStepRecord[] = [];
  private sentNs = realClock.nowNs();

  constructor(private readonly tokens: RequestTokens) {}

  request(record: RequestRecord, index: number): void {
    if (this.ended.length === 0) {
      setImmediate(() => {
        this.sendDue();
      });
    }
    this.ended.push({ record, index, tokens: this.tokens.output(index) });
  }

  step(step: ScheduledStepRecord): void {
    this.steps.push(step);
  }

  sendDue(): void {
    if (this.ended.length > 0 || realClock.nowNs() - this.sentNs >= STEPS_NS) this.send();
  }

  send(): void {
    const { ended, steps } = this;
    [this.ended, this.steps] = [[], []];
    this.sentNs = realClock.nowNs();
    tell({ part: { ended, steps } });
  }
}
