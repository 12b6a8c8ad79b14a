/** A difference as the tables have it: with its sign, one digit after the point. */
export function signed(value: number): string {
  return `${value >= 0 ? "+" : ""}${value.toFixed(1)}`;
}
