/**
 * Asks workers for what a state gives, coarse first. Two workers: one is always free for the next coarse run, the other does
 * exact runs, the sweep over rates and the frames of a batch, and is ended where the state has changed before it is done.
 */
import type { ComparedPolicy, PageData, State } from "../model/index.js";
import type { FromWorker, ToWorker } from "../worker/index.js";

/** Quiet time after a change before the exact run begins, ms. */
const PAUSE_MS = 150;

export class Simulations {
  private readonly coarse: Worker;
  private exact: Worker;
  private id = 0;
  /** The latest state whose exact result is known. */
  private exactId = 0;
  private baselineId = 0;
  private isCoarseBusy = false;
  private isExactBusy = false;
  private next: ToWorker | undefined;
  private timer: number | undefined;
  private state: State | undefined;

  /** `answered` hears of the latest state alone. */
  constructor(
    private readonly program: string,
    private readonly data: PageData,
    private readonly answered: (answer: FromWorker) => void,
  ) {
    this.coarse = this.start((answer) => {
      this.coarseAnswered(answer);
    });
    this.exact = this.startExact();
  }

  simulate(state: State, watched: ComparedPolicy): void {
    this.id++;
    this.state = state;
    this.cancelExact();
    const { id } = this;
    this.next = { kind: "simulate", id, state, stage: "coarse" };
    this.sendCoarse();
    this.timer = window.setTimeout(() => {
      this.isExactBusy = true;
      this.exact.postMessage({ kind: "simulate", id, state, stage: "exact" } satisfies ToWorker);
      this.exact.postMessage({ kind: "watch", id, state, policy: watched } satisfies ToWorker);
      this.exact.postMessage({ kind: "sweep", id, state } satisfies ToWorker);
    }, PAUSE_MS);
  }

  /** Frames of another policy under the same state; not behind the sweep. */
  watch(policy: ComparedPolicy): void {
    const { id, state } = this;
    this.coarse.postMessage({ kind: "watch", id, state: state!, policy } satisfies ToWorker);
  }

  /** All of the state that is pinned; its answer has the stage `baseline`. */
  baseline(state: State): void {
    const asked: ToWorker = { kind: "simulate", id: ++this.baselineId, state, stage: "baseline" };
    this.coarse.postMessage(asked);
  }

  private start(heard: (answer: FromWorker) => void): Worker {
    const worker = new Worker(this.program);
    worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => {
      heard(data);
    });
    worker.postMessage({ kind: "start", data: this.data } satisfies ToWorker);
    return worker;
  }

  private startExact(): Worker {
    return this.start((answer) => {
      if (answer.id !== this.id) return;
      if (answer.kind === "swept") this.isExactBusy = false;
      if (answer.kind === "outcomes") this.exactId = answer.id;
      this.answered(answer);
    });
  }

  /** What was asked for another state is of no use any more. */
  private cancelExact(): void {
    window.clearTimeout(this.timer);
    if (!this.isExactBusy) return;
    this.exact.terminate();
    this.exact = this.startExact();
    this.isExactBusy = false;
  }

  private sendCoarse(): void {
    if (this.isCoarseBusy || this.next === undefined) return;
    this.coarse.postMessage(this.next);
    this.next = undefined;
    this.isCoarseBusy = true;
  }

  /** While a slider moves, each picture is shown, but none takes the place of an exact one of the same state. */
  private coarseAnswered(answer: FromWorker): void {
    const isBaseline = answer.kind === "outcomes" && answer.stage === "baseline";
    if (isBaseline || answer.kind === "watched") {
      if (answer.id === (isBaseline ? this.baselineId : this.id)) this.answered(answer);
      return;
    }
    this.isCoarseBusy = false;
    if (answer.id > this.exactId) this.answered(answer);
    this.sendCoarse();
  }
}
