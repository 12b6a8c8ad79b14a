/** Frames of a policy that runs steps, from the engine as it takes each of them. With replicas: of the first one. */
import { defined } from "../../formats/index.js";
import { simulateOutcome, type ObservedPass, type SimulatedRunInput, type StepObserver } from "../../sim/index.js";
import { MOST_FRAMES, type Frame, type FrameRow, type Frames, type Holding } from "./frame.js";

export function framesOfSteps(input: SimulatedRunInput): Frames {
  const watchers: Watcher[] = [];
  const { facts } = simulateOutcome({
    ...input,
    engine: "step",
    observe: (replica) => (watchers[replica] = new Watcher()),
  });
  const { frames, holdings, isWhole } = watchers[0]!;
  const { requests } = input.workload;
  const { total } = facts.kv_blocks as { readonly total: number };
  return {
    work: "steps",
    frames,
    promptTokens: requests.map(({ promptTokens }) => promptTokens),
    outputTokens: requests.map(({ outputTokens }) => outputTokens),
    ...defined({ kv: holdings === undefined ? undefined : { blocks: total, holdings } }),
    isWhole,
  };
}

class Watcher implements StepObserver {
  readonly frames: Frame[] = [];
  /** Absent of policies without block ids. */
  holdings: Holding[] | undefined;
  isWhole = true;
  private waiting: number[] = [];
  /** Requests with a place in the batch, by the tokens computed of them. */
  private readonly running = new Map<number, number>();
  private readonly held = new Map<number, Holding>();

  queued(index: number): void {
    this.waiting.push(index);
  }

  taken(): void {
    // It waits before and after.
  }

  scheduled(pass: ObservedPass): void {
    const { step, assignments, startNs, gpuNs, gpuEndNs, blocksOf } = pass;
    for (const index of step.preempted) this.running.delete(index);
    this.waiting = [...step.preempted, ...this.waiting].filter((index) => !step.admitted.includes(index));
    for (const index of step.admitted) this.running.set(index, 0);
    if (step.scheduledTokens === 0) return;
    if (this.frames.length === MOST_FRAMES) {
      this.isWhole = false;
      return;
    }
    const rows = assignments.map(({ index, tokens, past, prefills }): FrameRow => {
      this.running.set(index, past + tokens);
      const blocks = blocksOf?.(index).length ?? 0;
      return { request: index, doing: prefills ? "prefill" : "decode", tokens, past, blocks };
    });
    const busy = new Set(rows.map(({ request }) => request));
    for (const [request, past] of this.running) {
      if (busy.has(request)) continue;
      const blocks = blocksOf?.(request).length ?? 0;
      // Without blocks its last answer is on its way, and it is gone.
      if (blocks === 0) this.running.delete(request);
      else rows.push({ request, doing: "out", tokens: 0, past, blocks });
    }
    if (blocksOf !== undefined) this.hold(rows, blocksOf);
    const previousEndNs = this.frames.at(-1)?.endNs ?? 0;
    this.frames.push({
      startNs: Math.max(previousEndNs, gpuEndNs - gpuNs, startNs),
      endNs: gpuEndNs,
      waiting: this.waiting,
      rows,
      preempted: step.preempted,
    });
  }

  sent(): void {
    // What a step computed is in its assignments.
  }

  /** A holding grows at its end; one that has become shorter was given up in between. */
  private hold(rows: readonly FrameRow[], blocksOf: (index: number) => readonly number[]): void {
    this.holdings ??= [];
    const frame = this.frames.length;
    for (const { request, blocks } of rows) {
      let holding = this.held.get(request);
      const ids = blocksOf(request);
      if (
        holding === undefined ||
        holding.toFrame < frame - 1 ||
        holding.ids.length > blocks ||
        holding.ids[0] !== ids[0]
      ) {
        holding = { request, fromFrame: frame, toFrame: frame, ids: [] };
        this.holdings.push(holding);
        this.held.set(request, holding);
      }
      for (let at = holding.ids.length; at < blocks; at++) holding.ids.push(ids[at]!);
      holding.toFrame = frame;
    }
  }
}
