/** What a replay of a golden file found. */
export interface GoldenReport {
  /** Scenarios that were replayed, and those of them without a difference. */
  readonly scenarios: number;
  readonly identicalScenarios: number;
  readonly events: number;
  readonly identicalEvents: number;
  /** Names of scenarios that need what is not modelled: not replayed, and in none of the counts. */
  readonly skipped?: readonly string[];
  /** What was assumed of the file. */
  readonly notes?: readonly string[];
  /** The first difference in full: scenario, event, got, expected. */
  readonly firstDifference?: string;
}
