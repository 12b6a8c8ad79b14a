/** Charts come alive: empty for now. */
export function showCharts(): void {
  return;
}
