/** Which percentiles several days together are enough for. */
import type { Workload } from "../../formats/index.js";
import { percentileIsShown, type Summary } from "../../sim/index.js";

export type EffectiveCounts = Readonly<Record<"ttft" | "tpot" | "e2el", number>>;

export function effectiveCounts(summary: Summary): EffectiveCounts {
  return { ttft: summary.effective_n_ttft, tpot: summary.effective_n_tpot, e2el: summary.effective_n_e2el };
}

/** Whether a percentile (`p99_ttft` or its key `p99_ttft_ms`) is of too few independent requests, of all days together. */
export function isHidden(statistic: string, days: readonly { readonly effective: EffectiveCounts }[]): boolean {
  const [, percent, metric] = /^p([\d.]+)_(ttft|tpot|e2el)(?:_ms)?$/.exec(statistic) ?? [];
  if (percent === undefined) return false;
  const count = days.reduce((sum, { effective }) => sum + effective[metric as keyof EffectiveCounts], 0);
  return !percentileIsShown(Number(percent) / 100, count);
}

/** What to do about statistics that the runs are too short to show. */
export function tooFewNote(hidden: readonly string[], { sessions }: Workload): string {
  const flag = sessions === undefined ? "--num-prompts" : "--num-sessions";
  return `${hidden.join(", ")}: too few independent requests, more come with ${flag}`;
}
