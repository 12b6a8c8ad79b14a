/**
 * The entry `servesim/sim`: simulations without files, threads or Node modules, in a browser as in Node. What it exports is
 * a promise (docs/library.md); everything else in sim/ may change.
 */
import { ConfigError } from "../formats/index.js";
import { simulateRun } from "../sim/index.js";
import { requireOptions, runInput, withSummary, type SimulatedRun, type SimulateOptions } from "./options.js";

/** Simulates one run. ConfigError for options that are wrong, and for a load whose requests are in a file. */
export async function simulate(options: SimulateOptions): Promise<SimulatedRun> {
  requireOptions(options);
  const input = await runInput(options, options.profile, {
    workload: (load) => {
      if (load.workload !== undefined) {
        throw new ConfigError('load.workload is a file: import simulate from "servesim", or give its requests');
      }
      throw new ConfigError("nothing says what is sent: expected a load with a dataset_name, requests or prompts");
    },
    outputs: ({ output_len_from: from }) => {
      if (from === undefined) return Promise.resolve(undefined);
      throw new ConfigError('load.output_len_from is a file: import simulate from "servesim", or give the requests');
    },
  });
  return withSummary(simulateRun(input));
}

export { ArtifactError, BackendError, checkProfile, ConfigError, InvariantError } from "../formats/index.js";
export type { BatchRecord, Profile, RequestRecord, Run, RunInfo } from "../formats/index.js";
export { policyNames, type Summary } from "../sim/index.js";
export type { LoadOptions, RequestOptions, SimulatedRun, SimulateOptions } from "./options.js";
