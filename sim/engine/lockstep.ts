/**
 * Data parallel ranks of a model with experts, which take every step together: each waits in its launch until all have one,
 * since experts compute for all. A rank without work launches one token for nobody. After a number of steps they look
 * whether any has work left; if not, all pause until a request wakes one, and it the others. Times in ns.
 * Source: vllm/v1/engine/core.py, DPEngineCoreProc, and vllm/v1/worker/dp_utils.py (behaviour).
 */
import { jointStep, type StepCostModel } from "../cost/index.js";
import type { DataParallelRules, EngineStep } from "../policy/index.js";
import { endOnGpu, type EngineLoop } from "./engine-loop.js";

/** A rank at its launch, waiting for the others. */
interface Waiting {
  readonly step: EngineStep | undefined;
  readonly atNs: number;
}

export class Lockstep {
  /** Steps taken together, those for nobody too. */
  steps = 0;
  private isRunning = false;
  /** Steps since the pause. */
  private ofWave = 0;
  private gpuEndNs = 0;
  private readonly waiting: (Waiting | undefined)[];

  constructor(
    private readonly ranks: readonly EngineLoop[],
    private readonly costs: readonly StepCostModel[],
    private readonly rules: Pick<DataParallelRules, "syncSteps" | "syncsFirstStep">,
  ) {
    this.waiting = ranks.map(() => undefined);
  }

  /** When the rank's next round begins; Infinity: not before the others', or without a request. */
  nextRoundNs(rank: number): number {
    if (this.waiting[rank] !== undefined) return Infinity;
    const loop = this.ranks[rank]!;
    return this.isRunning ? loop.hostNs : loop.nextRoundNs();
  }

  /** The rank's next round, at nextRoundNs(): up to its launch, and for the last of them the launch of all. */
  round(rank: number, startNs: number): void {
    if (!this.isRunning) this.wake(startNs);
    const loop = this.ranks[rank]!;
    const step = loop.beginTogether(startNs);
    this.waiting[rank] = { step, atNs: loop.hostNs };
    const ready = this.waiting.filter((one) => one !== undefined);
    if (ready.length === this.ranks.length) this.launch(ready);
  }

  private wake(atNs: number): void {
    this.isRunning = true;
    for (const loop of this.ranks) loop.hostNs = Math.max(loop.hostNs, atNs);
  }

  private launch(waiting: readonly Waiting[]): void {
    const { ranks, costs } = this;
    const scheduledNs = waiting.reduce((latest, { atNs }) => Math.max(latest, atNs), 0);
    const joint = jointStep(waiting.map(({ step }) => step));
    const launches = costs.map(({ host }) => host.launchNs(joint, scheduledNs));
    const launchNs = launches.reduce((most, ns) => Math.max(most, ns), 0);
    const gpuNs = costs[0]!.gpuNs(joint);
    this.gpuEndNs = endOnGpu(this.gpuEndNs, { step: joint, scheduledNs, launchNs, gpuNs }, costs[0]!.host);
    this.waiting.fill(undefined);
    this.steps++;
    ranks.forEach((loop, rank) => {
      const ns = launches[rank]!;
      loop.endTogether(waiting[rank]!.step, { ns, endNs: scheduledNs + ns }, gpuNs, this.gpuEndNs);
    });
    this.agree();
  }

  /** Whether any rank has work left is asked now and then only. */
  private agree(): void {
    const { syncSteps, syncsFirstStep } = this.rules;
    const step = ++this.ofWave;
    if (step % syncSteps !== 0 && !(step === 1 && syncsFirstStep)) return;
    this.isRunning = this.ranks.some((loop) => loop.hasWork());
    if (!this.isRunning) this.ofWave = 0;
  }
}
