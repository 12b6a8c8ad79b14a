/**
 * What the GPU of an engine did at each instant, as running sums: idle while the host works, decoding, or computing prompts. A
 * step that does both is split by what it would take with its decodes alone. Times in ns.
 */

/** Between two instants, how long the GPU did what; `besideNs`: decodes, integrated over the time they took. */
export interface GpuSpan {
  readonly host: number;
  readonly decode: number;
  readonly prefill: number;
  readonly besideNs: number;
}

export interface TimelineStep {
  readonly gpuNs: number;
  readonly endNs: number;
  /** Of the step's time on the GPU. */
  readonly prefillShare: number;
  readonly decodes: number;
}

export class GpuTimeline {
  private readonly startNs: number[] = [];
  private readonly ends: number[] = [];
  private readonly prefillShare: number[] = [];
  private readonly decodes: number[] = [];
  /** Up to the end of each step. */
  private readonly hostSum: number[] = [];
  private readonly prefillSum: number[] = [];
  private readonly decodeSum: number[] = [];
  private readonly besideSum: number[] = [];

  get length(): number {
    return this.ends.length;
  }

  /** When a step ends on the GPU; -Infinity for the one before the first. */
  endNs(step: number): number {
    return step < 0 ? Number.NEGATIVE_INFINITY : this.ends[step]!;
  }

  /** How long a step computes prompts. */
  prefillNs(step: number): number {
    return (this.ends[step]! - this.startNs[step]!) * this.prefillShare[step]!;
  }

  /** Steps come in order; the GPU does one at a time. */
  add({ gpuNs, endNs, prefillShare, decodes }: TimelineStep): void {
    const before = this.ends.at(-1) ?? 0;
    const startNs = Math.max(before, endNs - gpuNs);
    const busyNs = endNs - startNs;
    const decodeNs = busyNs * (1 - prefillShare);
    this.startNs.push(startNs);
    this.ends.push(endNs);
    this.prefillShare.push(prefillShare);
    this.decodes.push(decodes);
    this.hostSum.push((this.hostSum.at(-1) ?? 0) + startNs - before);
    this.prefillSum.push((this.prefillSum.at(-1) ?? 0) + busyNs * prefillShare);
    this.decodeSum.push((this.decodeSum.at(-1) ?? 0) + decodeNs);
    this.besideSum.push((this.besideSum.at(-1) ?? 0) + decodeNs * decodes);
  }

  /** `toNs` at least `fromNs`; up to the end of the last step. */
  between(fromNs: number, toNs: number): GpuSpan {
    const from = this.upTo(fromNs);
    const to = this.upTo(toNs);
    return {
      host: to.host - from.host,
      decode: to.decode - from.decode,
      prefill: to.prefill - from.prefill,
      besideNs: to.besideNs - from.besideNs,
    };
  }

  private upTo(atNs: number): GpuSpan {
    const step = this.stepAt(atNs);
    const last = step - 1;
    const beforeNs = last < 0 ? 0 : this.ends[last]!;
    const startNs = this.startNs[step] ?? Infinity;
    const idleNs = Math.min(atNs, startNs) - beforeNs;
    const busyNs = Math.max(0, atNs - startNs);
    const share = this.prefillShare[step] ?? 0;
    const decodeNs = busyNs * (1 - share);
    return {
      host: (this.hostSum[last] ?? 0) + idleNs,
      decode: (this.decodeSum[last] ?? 0) + decodeNs,
      prefill: (this.prefillSum[last] ?? 0) + busyNs * share,
      besideNs: (this.besideSum[last] ?? 0) + decodeNs * (this.decodes[step] ?? 0),
    };
  }

  /** The first step that ends at this instant or later. */
  private stepAt(atNs: number): number {
    let [low, high] = [0, this.ends.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.ends[middle]! >= atNs) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
