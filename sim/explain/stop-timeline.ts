/** What kept requests waiting at the scheduler at each instant, as running sums: from each pass to the next, what stopped its admissions. */
import { stopNames, type AdmissionStops } from "../engine/index.js";

type Stop = (typeof stopNames)[number];

export class StopTimeline {
  private readonly startNs: number[] = [];
  private readonly stops: Stop[] = [];
  private readonly sums: AdmissionStops[] = [];

  /** Passes come in order. */
  add(startNs: number, stop: Stop): void {
    const last = this.startNs.length - 1;
    const sums: AdmissionStops =
      last < 0 ? { seats: 0, kv_blocks: 0, token_budget: 0, none: 0 } : { ...this.sums[last]! };
    sums[last < 0 ? "none" : this.stops[last]!] += startNs - (last < 0 ? 0 : this.startNs[last]!);
    this.startNs.push(startNs);
    this.stops.push(stop);
    this.sums.push(sums);
  }

  /** How long what kept requests waiting between two instants, ns. */
  between(fromNs: number, toNs: number): AdmissionStops {
    const from = this.upTo(fromNs);
    const to = this.upTo(toNs);
    for (const name of stopNames) to[name] -= from[name];
    return to;
  }

  private upTo(atNs: number): AdmissionStops {
    let [low, high] = [0, this.startNs.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.startNs[middle]! > atNs) high = middle;
      else low = middle + 1;
    }
    const last = low - 1;
    if (last < 0) return { seats: 0, kv_blocks: 0, token_budget: 0, none: atNs };
    const sums = { ...this.sums[last]! };
    sums[this.stops[last]!] += atNs - this.startNs[last]!;
    return sums;
  }
}
