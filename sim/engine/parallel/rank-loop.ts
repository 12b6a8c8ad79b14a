/** The engine of a data parallel rank. Ranks that take each step together are led through it in two halves (lockstep.ts). */
import type { EngineStep } from "../../policy/index.js";
import { EngineLoop } from "../server/index.js";

/** A time, and when it is over. */
interface Span {
  readonly ns: number;
  readonly endNs: number;
}

export class RankLoop extends EngineLoop {
  /**
   * In lockstep: a round up to the launch. Returns its step; undefined where it has none, or none with tokens. `hostNs` is then
   * when the others may launch theirs.
   */
  beginTogether(startNs: number): EngineStep | undefined {
    this.waitedNs = 0;
    const step = this.pass(startNs);
    const hasTokens = step !== undefined && step.scheduledTokens > 0;
    if (!hasTokens) this.afterPass(0);
    this.hostBusyNs += this.hostNs - startNs - this.waitedNs;
    return hasTokens ? step : undefined;
  }

  /**
   * In lockstep: the rest of the round. Without a step of its own the rank computes a token for nobody. `gpu`: of all ranks'
   * step.
   */
  endTogether(step: EngineStep | undefined, launch: Span, gpu: Span): void {
    this.waitedNs = 0;
    this.hostNs = launch.endNs;
    this.gpuEndNs = gpu.endNs;
    this.busyNs += gpu.ns;
    if (step !== undefined) {
      this.inFlight.push(step, gpu.endNs);
      this.observe(step, this.passStartNs, gpu.ns);
      this.afterPass(step.scheduledTokens);
    }
    this.hostBusyNs += this.hostNs - (launch.endNs - launch.ns) - this.waitedNs;
  }
}
