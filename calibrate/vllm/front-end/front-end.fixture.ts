/** A front end whose costs tests know. */
import type { VllmEngineCost } from "../../../formats/index.js";

export const knownFrontEnd = {
  accept_ns: 120_000,
  request_ns: 500_000,
  request_token_ns: 200,
  request_hops: 6,
  request_hop_ns: 60_000,
  request_hop_gap_ns: 50_000,
  output_ns: 700_000,
  output_token_ns: 90_000,
  chunk_ns: 40_000,
  first_chunk_ns: 80_000,
  delivery_ns: 250_000,
  first_wait_token_ns: 30_000,
} satisfies NonNullable<VllmEngineCost["front_end"]>;
