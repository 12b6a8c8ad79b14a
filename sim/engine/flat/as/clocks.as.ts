/** Where the engine stands, and the steps that were launched and whose results are not taken: none, one or two. Times in ns. */
import { Step } from "../../../policy/vllm/scheduler/step";

@unmanaged
class Clocks {
  hostNs: f64;
  gpuEndNs: f64;
  /** GPU time of all steps; time in which the host thread worked. */
  busyNs: f64;
  hostBusyNs: f64;
  /** Of the round at hand, time in which it did not. */
  waitedNs: f64;
  /** Before it nothing changes what the front end does with an output. */
  outputLimitNs: f64;
  steps: i64;
  /** Of them, those that were taken in runs of decodes. */
  runSteps: i64;
  preemptions: i64;
  /** Outputs of the latest run that were reported. */
  told: i32;
  /** Since the last token: empty steps, and preemptions. */
  emptySteps: i32;
  fruitlessPreemptions: i32;
}
const CLOCKS_AT = memory.data(offsetof<Clocks>(), 16);
export const clocks = changetype<Clocks>(CLOCKS_AT);

@unmanaged
class InFlight {
  steps: i32;
  oldest: Step | null;
  latest: Step | null;
  oldestEndNs: f64;
  latestEndNs: f64;

  /** The GPU ends the step at `endNs`. */
  push(step: Step, endNs: f64): void {
    if (this.steps++ === 0) {
      this.oldest = step;
      this.oldestEndNs = endNs;
    } else {
      this.latest = step;
      this.latestEndNs = endNs;
    }
  }

  /** Takes the oldest out. */
  shift(): void {
    this.oldest = this.latest;
    this.oldestEndNs = this.latestEndNs;
    this.latest = null;
    this.steps--;
  }
}
const IN_FLIGHT_AT = memory.data(offsetof<InFlight>(), 16);
export const inFlight = changetype<InFlight>(IN_FLIGHT_AT);

export function beginClocks(): void {
  memory.fill(CLOCKS_AT, 0, offsetof<Clocks>());
  memory.fill(IN_FLIGHT_AT, 0, offsetof<InFlight>());
}
