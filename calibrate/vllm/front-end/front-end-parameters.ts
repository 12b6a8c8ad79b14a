/** The front end's costs and how its jobs vary as the numbers that its fit moves: logarithms, but for one log-odds. */
import type { EngineJitter, VllmEngineCost } from "../../../formats/index.js";
import { logNormalVariation } from "../../fit/numerics/index.js";

export type FrontEndCosts = NonNullable<VllmEngineCost["front_end"]>;
export type FrontEndJitter = Pick<EngineJitter, "request" | "output" | "output_stall">;

export interface FittedFrontEnd {
  readonly frontEnd: FrontEndCosts;
  readonly jitter: FrontEndJitter;
}

/** Costs in the order of the fit's numbers. */
export const costNames = [
  "request_ns",
  "request_token_ns",
  "request_hop_ns",
  "request_hop_gap_ns",
  "output_ns",
  "output_token_ns",
  "chunk_ns",
  "first_chunk_ns",
  "accept_ns",
  "delivery_ns",
  "first_wait_token_ns",
] as const satisfies readonly (keyof FrontEndCosts)[];

/** Numbers of the variation before those of the costs: spread of requests, of outputs, log-odds and mean of a stall. */
export const JITTER_NUMBERS = 4;

/** Turns of the event loop that a request takes; only their sum shows. */
const HOPS = 6;
/** With a token, at most. */
const LIKELIEST_STALL = 0.01;

export function costsAt(logs: readonly number[]): FrontEndCosts {
  const [request, perToken, hop, gap, output, perOutputToken, chunk, first, accept, delivery, wait] = logs.map(
    Math.exp,
  );
  return {
    accept_ns: accept!,
    request_ns: request!,
    request_token_ns: perToken!,
    request_hops: HOPS,
    request_hop_ns: hop!,
    request_hop_gap_ns: gap!,
    output_ns: output!,
    output_token_ns: perOutputToken!,
    chunk_ns: chunk!,
    first_chunk_ns: first!,
    delivery_ns: delivery!,
    first_wait_token_ns: wait!,
  };
}

/** Variation and costs. */
export function frontEndAt(numbers: readonly number[]): FittedFrontEnd {
  const [request, output, stallLogit, stall, ...costs] = numbers;
  return {
    frontEnd: costsAt(costs),
    jitter: {
      request: logNormalVariation(Math.exp(request!)),
      output: logNormalVariation(Math.exp(output!)),
      output_stall: { token_probability: LIKELIEST_STALL / (1 + Math.exp(-stallLogit!)), mean_ns: Math.exp(stall!) },
    },
  };
}
