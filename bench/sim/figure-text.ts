/** Figures as the tables of docs/ have them. */

/** A whole number with separators: 131,072. */
export function grouped(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
