/** Whole nanoseconds, and GPU times of steps that decode the same requests, in closed form. */

/** A time in whole ns: as Math.round, which V8 does slower. */
export function wholeNs(ns: number): number {
  return Math.floor(ns + 0.5);
}

/**
 * GPU times of consecutive steps that decode the same requests: first, first + increment, ... for `steps` steps at
 * least. Exact, because a step's time is made of whole ns per request's context (see decodeLaw).
 */
export interface DecodeLaw {
  readonly firstNs: number;
  readonly incrementNs: number;
  readonly steps: number;
}

/**
 * The law of base + slope x context. Each further step reads one more token per request: with context = q x requests + r
 * a step takes round(base) + round(slope x requests) x q + round(slope x r) ns, so steps differ by a whole number of ns.
 * Against rounding the sum once it is off by at most half a ns per token of mean context.
 */
export function linearDecodeLaw(
  baseNs: number,
  contextTokenNs: number,
  requests: number,
  contextTokens: number,
  steps: number,
): DecodeLaw {
  const incrementNs = incrementOfLaw(contextTokenNs, requests);
  const firstNs = sumNs(baseNs, contextTokenNs, requests, contextTokens);
  if (firstNs >= 1) return { firstNs, incrementNs, steps };
  // No step takes no time; from there on it is another law, unless it never gets longer.
  return { firstNs: 1, incrementNs: 0, steps: incrementNs === 0 ? steps : 1 };
}

/** `incrementNs` of that law, unless it is stopped at steps of no time. */
export function incrementOfLaw(contextTokenNs: number, requests: number): number {
  return wholeNs(contextTokenNs * requests);
}

/** `firstNs` of that law. */
export function firstOfLaw(baseNs: number, contextTokenNs: number, requests: number, contextTokens: number): number {
  return Math.max(1, sumNs(baseNs, contextTokenNs, requests, contextTokens));
}

function sumNs(baseNs: number, contextTokenNs: number, requests: number, contextTokens: number): number {
  const depth = Math.floor(contextTokens / requests);
  const rest = contextTokens - depth * requests;
  return wholeNs(baseNs) + incrementOfLaw(contextTokenNs, requests) * depth + wholeNs(contextTokenNs * rest);
}
