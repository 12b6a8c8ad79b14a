/** Numbers for people: four significant digits at most, thousands with a comma. */

/** "–" where there is no number. */
export function figure(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  return value.toLocaleString("en-US", { maximumSignificantDigits: digits });
}

/** A latency with its unit: 43.2 ms, 1.72 s. */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || Number.isNaN(ms)) return "–";
  return Math.abs(ms) < 1000 ? `${figure(ms)} ms` : `${figure(ms / 1000)} s`;
}

/** From one number to another: +12 %, −3.4 %, ×5.2; "same" below a thousandth. */
export function difference(from: number, to: number): string {
  if (from === to || Math.abs(to - from) < 0.0005 * Math.abs(from)) return "same";
  if (from <= 0) return `${to > from ? "+" : "−"}${figure(Math.abs(to - from))}`;
  const ratio = to / from;
  if (ratio >= 2) return `×${figure(ratio)}`;
  if (ratio <= 0.5 && ratio > 0) return `÷${figure(1 / ratio)}`;
  return `${ratio > 1 ? "+" : "−"}${figure(Math.abs(ratio - 1) * 100, Math.abs(ratio - 1) < 0.1 ? 2 : 3)} %`;
}
