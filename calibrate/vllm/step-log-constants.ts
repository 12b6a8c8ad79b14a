/**
 * What a fit to step logs takes as given. `npm run -s bench:sensitivity -- --refit step-logs` halves and doubles each;
 * docs/calibration-vllm.md has what then changes.
 */
export interface StepLogConstants {
  /** A launch counts as seen where it ends later than the GPU by this share of the step's GPU time, 0-1. */
  readonly doubt: number;
  /** The furthest that a request's or token's moment counts as missed in the front end's fit, ms: stalls do not decide. */
  readonly capMs: number;
  /** Weight of moments paired one by one, beside the delays' quantiles: alone they would have jobs vary too little. */
  readonly pairedWeight: number;
}

export const stepLogConstants: StepLogConstants = { doubt: 0.04, capMs: 10, pairedWeight: 0.02 };
