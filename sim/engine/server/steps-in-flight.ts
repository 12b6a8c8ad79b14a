/** The steps that were launched and whose results are not taken: none, one or two. */
import type { EngineStep } from "../../policy/index.js";

export class StepsInFlight {
  length = 0;
  private oldestStep: EngineStep | undefined;
  private oldestEnd = 0;
  private latestStep: EngineStep | undefined;
  private latestEnd = 0;

  /** The step launched first, if there is one, and when the GPU ends it. */
  get oldest(): EngineStep | undefined {
    return this.oldestStep;
  }

  get oldestEndNs(): number {
    return this.oldestEnd;
  }

  /** The GPU ends the step at `endNs`. */
  push(step: EngineStep, endNs: number): void {
    if (this.length++ === 0) {
      this.oldestStep = step;
      this.oldestEnd = endNs;
    } else {
      this.latestStep = step;
      this.latestEnd = endNs;
    }
  }

  /** Takes the oldest out. */
  shift(): void {
    this.oldestStep = this.latestStep;
    this.oldestEnd = this.latestEnd;
    this.latestStep = undefined;
    this.length--;
  }

  /** The only one now ends at another time. */
  endsAt(endNs: number): void {
    this.oldestEnd = endNs;
  }
}
