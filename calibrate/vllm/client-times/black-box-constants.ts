/**
 * What a fit to clients' times takes as given, in one place: what such times do not show of an engine, and how the search
 * weighs what they do. `npm run -s bench:sensitivity -- --refit client-times` halves and doubles each; docs/calibration-vllm.md has what then changes.
 */
import type { EngineJitter, Profile } from "../../../formats/index.js";
import { ASSUMED } from "../profile/index.js";
import type { HeavyTail } from "../../fit/numerics/index.js";

/** Parts of an engine's cost that no client sees apart from others. Fractions are 0-1. */
export interface AssumedParts {
  /** Part of a launch after which the GPU begins. Full graphs: fitted on two hosts (0.62, 0.63); others: docs, "When the GPU begins". */
  readonly leads: { readonly full: number; readonly piecewise: number; readonly none: number };
  /** Of launches: on the recorded Llama-3.1-8B server 3 % took up to about twice what the others take at most. */
  readonly launchTail: HeavyTail;
  /** Of a token's time in the front end, what is the writing of its chunk; there 0.6. */
  readonly writtenShare: number;
  /** An update beside a schedule; there 0.46 to 0.66. */
  readonly updateShare: number;
  /** A turn round the event loop and the time away before it, beside the handling of a request. */
  readonly hopShare: number;
  readonly hopGapShare: number;
  /** Turns round the event loop; only their sum shows. */
  readonly requestHops: number;
  /** Copy of the sampled tokens, sending of outputs, ns; from step logs there 76,000 and 88,000. */
  readonly copyNs: number;
  readonly sendNs: number;
  readonly takeRequestNs: number;
  readonly wakeNs: number;
  readonly emptyStepSleepNs: number;
  /** How launches and front-end jobs near in time are alike, as there: 0.6 at 10 to 20 ms, 0.1 at 0.3 to 1 s. */
  readonly hostStates: EngineJitter["host_states"];
  /** Of the model, as its configuration says; absent: it is dense. */
  readonly experts?: Profile["model"]["experts"];
}

/** Pulls of a logarithm towards its start, in units of the loss: `measured` of a base and `measuredSlope` of what grows, in closed form. */
export interface Pulls {
  readonly measured: number;
  readonly measuredSlope: number;
  readonly scaled: number;
  readonly guessed: number;
  readonly pace: number;
}

/** How the search weighs and moves. */
export interface SearchConstants {
  readonly pulls: Pulls;
  /** Standard deviation of the first population, of a logarithm. */
  readonly sizes: { readonly measured: number; readonly guessed: number };
  /** Drawn at a time; the more, the more noise it takes. */
  readonly population: number;
  /** Trials of the evolution where the whole start was measured, and where all of it is guessed. */
  readonly evaluations: { readonly measured: number; readonly guessed: number };
  /** Of probes beside loads, for which the profile is: between probes the host is quicker. The search starts from them, too. */
  readonly probesWeight: number;
  /** Of requests compared one by one, beside 1 for means and quantiles. */
  readonly pairedWeight: number;
  /** Of requests one by one, beside 1 for means and quantiles, in the last part of a search without probes; one that scatters so much counts half. */
  readonly singleWeight: number;
  readonly singleChaos: number;
  /** Steps of Gauss and Newton at most, between the evolution and the blocks. */
  readonly polish: number;
  /** A feature that differs so much from draw to draw of the jitter, as a logarithm, counts half. */
  readonly chaos: number;
}

export interface BlackBoxConstants {
  readonly parts: AssumedParts;
  readonly search: SearchConstants;
}

export const blackBoxConstants: BlackBoxConstants = {
  parts: {
    leads: { full: 0.62, piecewise: 0.3, none: 0.1 },
    launchTail: { share: 0.03, most: 2 },
    writtenShare: 0.6,
    updateShare: 0.5,
    hopShare: 0.25,
    hopGapShare: 0.5,
    requestHops: 6,
    copyNs: 76_000,
    sendNs: 90_000,
    takeRequestNs: ASSUMED.take_request_ns,
    wakeNs: ASSUMED.wake_ns,
    emptyStepSleepNs: ASSUMED.empty_step_sleep_ns,
    hostStates: [
      { share: 0.6, memory_ns: 70e6 },
      { share: 0.1, memory_ns: 2e9 },
    ],
  },
  search: {
    pulls: { measured: 0.02, measuredSlope: 0.004, scaled: 0.002, guessed: 0.0003, pace: 0.005 },
    sizes: { measured: 0.06, guessed: 0.3 },
    population: 20,
    evaluations: { measured: 600, guessed: 1500 },
    probesWeight: 0.3,
    pairedWeight: 0.5,
    singleWeight: 50,
    singleChaos: 0.02,
    polish: 8,
    chaos: 0.1,
  },
};
