/**
 * A start for a model with experts, where no probe measured its steps. The fastest answers say little of them: a step takes
 * longer with every request beside it until all experts are read, and recorded requests were hardly ever alone. So all costs
 * of steps are scaled until simulated requests take as long per output token as the recorded ones.
 */
import { mean, tpotMs } from "../../../sim/index.js";
import type { Run, VllmEngineCost } from "../../../formats/index.js";
import type { AssumedParts } from "./black-box-constants.js";
import { costOf, type Parameters } from "./black-box-model.js";
import { ofDecodes, type Start } from "./black-box-start.js";
import type { Replay } from "./client-target.js";

/** Simulations at most; and how near is near enough, as a logarithm. */
const ROUNDS = 8;
const NEAR = 0.03;
/** Of what the fastest answers took for a step, the part of reading the experts. */
const EXPERTS_SHARE = 0.6;

/** Over a lone decode. */
const LAUNCHES = { full: 0.5, piecewise: 1.2, none: 2.4 } as const;
/** A decode costs nothing by itself; no cost of a search may start at 0. */
const NO_TOKEN_NS = 1;

/** `loads`: those that were recorded. */
export function scaledStart(
  { parameters, origins }: Start,
  loads: readonly Run[],
  replay: Replay,
  parts: AssumedParts,
): Start {
  const { decode_base: whole } = parameters;
  let scaled = withPrefills({
    ...parameters,
    decode_base: (1 - EXPERTS_SHARE) * whole,
    decode_padded_token: NO_TOKEN_NS,
    experts: EXPERTS_SHARE * whole,
  });
  for (let round = 0; round < ROUNDS; round++) {
    const log = missOf(costOf(scaled, parts), loads, replay);
    if (Math.abs(log) < NEAR) break;
    const factor = Math.exp(-log);
    const moved = ofDecodes.map((name) => [name, scaled[name] * factor]);
    scaled = withPrefills({ ...scaled, ...(Object.fromEntries(moved) as Partial<Parameters>) });
  }
  return { parameters: scaled, origins };
}

/** A step that prefills reads all experts; launches are to a lone decode as on other servers (`startFrom`). */
function withPrefills(p: Parameters): Parameters {
  return {
    ...p,
    mixed_base: p.decode_base,
    prefill_base: p.decode_base + p.experts,
    launch_full: LAUNCHES.full * p.decode_base,
    launch_piecewise: LAUNCHES.piecewise * p.decode_base,
    launch_none: LAUNCHES.none * p.decode_base,
  };
}

/** Mean logarithm of simulated over recorded times per output token. */
function missOf(cost: VllmEngineCost, loads: readonly Run[], replay: Replay): number {
  const logs = loads.flatMap((run) => {
    const simulated = new Map(replay(run, cost, "fit/start").requests.map((request) => [request.requestId, request]));
    return run.requests.flatMap((request) => {
      const [real, sim] = [tpotMs(request), tpotMs(simulated.get(request.requestId)!)];
      return real === null || sim === null ? [] : [Math.log(sim / real)];
    });
  });
  return logs.length === 0 ? 0 : mean(logs);
}
