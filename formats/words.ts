/** Fractions, lists and names of settings as people read them. A fraction of nothing is `-`. */

/** 0.123 is `12 %`, with one decimal `12.3 %`. */
export function percent(fraction: number, decimals = 0): string {
  const percents = 100 * fraction;
  return Number.isFinite(percents) ? `${percents.toFixed(decimals)} %` : "-";
}

/** A difference, with its sign: 0.032 is `+3.2 %`. */
export function signedPercent(fraction: number): string {
  return `${fraction >= 0 && 100 * fraction < Infinity ? "+" : ""}${percent(fraction, 1)}`;
}

/** A share of a whole, one decimal; a small one is not rounded to nothing. */
export function sharePercent(fraction: number): string {
  return fraction > 0 && fraction < 0.001 ? "below 0.1 %" : percent(fraction, 1);
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)!}`;
}

/** The flag of a setting, without its dashes: `timeout` for timeout_s, `num-prompts` for num_prompts. */
export function flagName(key: string): string {
  return key.replace(/_s$/, "").replaceAll("_", "-");
}
