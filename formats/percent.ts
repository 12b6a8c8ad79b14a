/** A fraction as people read it: 0.123 is `12 %`, with one decimal `12.3 %`. */
export function percent(fraction: number, decimals = 0): string {
  return `${(100 * fraction).toFixed(decimals)} %`;
}
