/**
 * How the times of a run differ from their means: a stream of factors for each kind of time, and how long the front end
 * is held up. Drawn, or all at their means.
 */
import type { EngineJitter, JitterName } from "../../../formats/index.js";
import {
  KnownPaceFactors,
  OwnFactors,
  PacedFactors,
  Stalls,
  StateFactors,
  type FactorStream,
} from "./factor-streams.js";
import { hostPace } from "./host-pace.js";
import { HostPath } from "./host-path.js";

export type Factors = Readonly<Record<JitterName, FactorStream>> & {
  /**
   * How long the front end is held up at an output of this many tokens, ns: what collects garbage comes with
   * allocations.
   */
  readonly stalls: { next(tokens: number): number };
};

/**
 * Drawn from the streams `${name}/...`. Where the jitter has a pace, all times of the host share it and vary about it
 * each on its own; else launches and front-end jobs are alike by the host's states. `known`: the pace by time, drawn
 * where absent. Engines on one host share what is drawn from the streams `${host}/...`.
 */
export function jitterFactors(
  jitter: EngineJitter,
  name: string,
  known?: (atNs: number) => number,
  host = name,
): Factors {
  const drawn = jitter.pace === undefined || known !== undefined ? undefined : hostPace(jitter.pace, `${host}/pace`);
  const states = jitter.host_states;
  const path =
    jitter.pace === undefined && known === undefined && states.length > 0
      ? new HostPath(states, `${host}/host`)
      : undefined;
  const own = (of: JitterName): OwnFactors => new OwnFactors(jitter[of], `${name}/${of}`);
  const paced = (of: JitterName): FactorStream => {
    if (drawn !== undefined) return new PacedFactors(jitter[of], `${name}/${of}`, drawn);
    return known === undefined ? own(of) : new KnownPaceFactors(own(of), known);
  };
  const ofHost = (of: JitterName): FactorStream => {
    const variation = jitter[of];
    if (path === undefined || variation === undefined) return paced(of);
    return new StateFactors(variation, states, jitter.interrupted_share ?? 0, path, `${name}/${of}`);
  };
  return {
    schedule: paced("schedule"),
    update: paced("update"),
    launch_full_graph: ofHost("launch_full_graph"),
    launch_piecewise: ofHost("launch_piecewise"),
    launch_no_graph: ofHost("launch_no_graph"),
    gpu: own("gpu"),
    request: ofHost("request"),
    output: ofHost("output"),
    stalls: new Stalls(jitter.output_stall, `${name}/stall`),
  };
}

/**
 * Every time is its mean, including the time for which the front end is held up; `paceAt`: times the pace of the host,
 * where that is known.
 */
export function meanFactors(jitter: EngineJitter | undefined, paceAt?: (atNs: number) => number): Factors {
  const mean: FactorStream = { next: () => 1 };
  const ofHost = paceAt === undefined ? mean : { next: paceAt };
  const { token_probability: chance, mean_ns } = jitter?.output_stall ?? { token_probability: 0, mean_ns: 0 };
  return {
    schedule: ofHost,
    update: ofHost,
    launch_full_graph: ofHost,
    launch_piecewise: ofHost,
    launch_no_graph: ofHost,
    gpu: mean,
    request: ofHost,
    output: ofHost,
    stalls: { next: (tokens) => (1 - (1 - chance) ** tokens) * mean_ns },
  };
}
