/** What a replay of a golden file found. */
export interface GoldenReport {
  readonly scenarios: number;
  readonly identicalScenarios: number;
  readonly events: number;
  readonly identicalEvents: number;
  /** The first difference in full: scenario, event, got, expected. */
  readonly firstDifference?: string;
}
