/**
 * Data parallel ranks of a model with experts, which take every step together: each waits in its launch until all have one,
 * since experts compute for all. A rank without work launches one token for nobody. After a number of steps they look
 * whether any has work left; if not, all pause until a request wakes one, and it the others. Times in ns.
 * Source: vllm/v1/engine/core.py, DPEngineCoreProc, and vllm/v1/worker/dp_utils.py (behaviour).
 */
import { jointStep, type StepCostModel } from "../../cost/index.js";
import type { DataParallelRules, EngineStep } from "../../policy/index.js";
import { endOnGpu } from "../server/index.js";
import type { RankLoop } from "./rank-loop.js";

export class Lockstep {
  /** Steps taken together, those for nobody too. */
  steps = 0;
  private isRunning = false;
  /** Steps since the pause. */
  private ofWave = 0;
  private gpuEndNs = 0;
  /** By rank: its step, undefined where it has none, and when it is at its launch; NaN where it is not yet. */
  private readonly waiting: (EngineStep | undefined)[];
  private readonly atLaunchNs: Float64Array;
  private readonly launchNs: Float64Array;

  constructor(
    private readonly ranks: readonly RankLoop[],
    private readonly costs: readonly StepCostModel[],
    private readonly rules: Pick<DataParallelRules, "syncSteps" | "syncsFirstStep">,
  ) {
    this.waiting = ranks.map(() => undefined);
    this.atLaunchNs = new Float64Array(ranks.length).fill(NaN);
    this.launchNs = new Float64Array(ranks.length);
  }

  /** When the rank's next round begins; Infinity: not before the others', or without a request. */
  nextRoundNs(rank: number): number {
    if (!Number.isNaN(this.atLaunchNs[rank]!)) return Infinity;
    const loop = this.ranks[rank]!;
    return this.isRunning ? loop.hostNs : loop.nextRoundNs();
  }

  /** The rank's next round, at nextRoundNs(): up to its launch, and for the last of them the launch of all. */
  round(rank: number, startNs: number): void {
    if (!this.isRunning) this.wake(startNs);
    const loop = this.ranks[rank]!;
    this.waiting[rank] = loop.beginTogether(startNs);
    this.atLaunchNs[rank] = loop.hostNs;
    if (!this.atLaunchNs.some(Number.isNaN)) this.launch();
  }

  private wake(atNs: number): void {
    this.isRunning = true;
    for (const loop of this.ranks) loop.hostNs = Math.max(loop.hostNs, atNs);
  }

  private launch(): void {
    const { ranks, costs, waiting, atLaunchNs, launchNs: launches } = this;
    const joint = jointStep(waiting);
    let [scheduledNs, launchNs] = [0, 0];
    for (let rank = 0; rank < ranks.length; rank++) scheduledNs = Math.max(scheduledNs, atLaunchNs[rank]!);
    for (let rank = 0; rank < ranks.length; rank++) {
      launches[rank] = costs[rank]!.host.launchNs(joint, scheduledNs);
      launchNs = Math.max(launchNs, launches[rank]!);
    }
    const gpuNs = costs[0]!.gpuNs(joint);
    this.gpuEndNs = endOnGpu(this.gpuEndNs, { step: joint, scheduledNs, launchNs, gpuNs }, costs[0]!.host);
    this.steps++;
    const gpu = { ns: gpuNs, endNs: this.gpuEndNs };
    for (let rank = 0; rank < ranks.length; rank++) {
      const ns = launches[rank]!;
      const step = waiting[rank];
      waiting[rank] = undefined;
      atLaunchNs[rank] = NaN;
      ranks[rank]!.endTogether(step, { ns, endNs: scheduledNs + ns }, gpu);
    }
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
