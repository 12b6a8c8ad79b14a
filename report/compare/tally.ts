/** Verdicts counted and put into words, agreement first. */
import { MAX_RUNS, verdicts, type Judgement, type Verdict } from "./verdict.js";

/** How often each verdict was given; statistics without a verdict are not counted. */
export type Tally = Readonly<Record<Verdict, number>>;

export function tallyOf(given: readonly { readonly verdict: Verdict | null }[]): Tally {
  const count = (verdict: Verdict): number => given.filter((one) => one.verdict === verdict).length;
  return { agrees: count("agrees"), differs: count("differs"), "cannot tell": count("cannot tell") };
}

/** `agrees 61, differs 20, cannot tell 3 of 84`. */
export function tallyText(tally: Tally): string {
  const all = verdicts.reduce((sum, verdict) => sum + tally[verdict], 0);
  return `${verdicts.map((verdict) => `${verdict} ${tally[verdict]}`).join(", ")} of ${all}`;
}

/** The verdict, with what would settle it where it cannot tell: `cannot tell, 4 more repeats would`. */
export function verdictText({
  verdict,
  noise,
  moreRepeats,
}: Pick<Judgement, "verdict" | "noise" | "moreRepeats">): string {
  if (verdict !== "cannot tell") return noise === "unknown" ? `${verdict} (one real run)` : verdict;
  if (noise === "disturbed") return "cannot tell, the real runs were disturbed: run again when nothing else does";
  if (noise === "unknown") return "cannot tell (one real run), at least 1 more needed";
  if (moreRepeats === null) return `cannot tell, ${MAX_RUNS} repeats would not settle it`;
  return `cannot tell, ${moreRepeats} more repeat${moreRepeats === 1 ? "" : "s"} would settle it`;
}
