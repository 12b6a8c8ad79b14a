/**
 * What steps of continuous batching cost by a profile of whole batches, so that all policies can run on one profile and
 * only scheduling differs. One clock. A mixed step pays one base (the larger), the decodes' terms and the prefill
 * chunks' terms: exact for pure steps, an assumption for mixed ones that a profile of batches cannot check.
 */
import type { CostTerm, Profile, StaticBatchCost } from "../../../formats/index.js";
import { RangeUse } from "../range-use.js";
import { linearDecodeLaw, type DecodeLaw } from "../decode-law.js";
import { noHost, type StepCostModel, type StepShape } from "../step-cost.js";
import { countsAt, decodeQuantities, sumTerms, termQuantity, type Quantities } from "../terms.js";

export class StaticStepCost implements StepCostModel {
  readonly host = noHost;
  readonly rangeUse: RangeUse;
  private coldNs: number;

  constructor(
    private readonly cost: StaticBatchCost,
    range: Profile["range"],
    options: { readonly coldStart: boolean },
  ) {
    this.rangeUse = new RangeUse(range);
    this.coldNs = options.coldStart ? cost.cold_start_ns : 0;
  }

  gpuNs(step: StepShape): number {
    const ns = this.stepNs(step);
    this.rangeUse.step(step, ns);
    return ns;
  }

  private stepNs(step: StepShape): number {
    const { decodeRequests, decodeContextTokens, prefillRequests, prefillTokens, prefillAttentionPairs } = step;
    const coldNs = this.coldNs;
    this.coldNs = 0;
    const decodeNs = decodeRequests > 0 ? this.decodeLaw(decodeRequests, decodeContextTokens).firstNs : 0;
    if (prefillTokens === 0) return decodeNs + Math.round(coldNs);
    const { prefill, decode_step } = this.cost;
    const chunks = chunkQuantities(prefillRequests, prefillTokens, prefillAttentionPairs);
    const prefillNs = sumTerms(prefill, chunks);
    const sharedBaseNs =
      decodeRequests > 0 ? Math.min(baseNs(decode_step, decodeRequests), baseNs(prefill, prefillRequests)) : 0;
    return Math.max(1, Math.round(decodeNs + prefillNs - sharedBaseNs + coldNs));
  }

  decodeLaw(requests: number, contextTokens: number): DecodeLaw {
    const quantities = decodeQuantities(requests, contextTokens);
    let fixedNs = 0;
    let contextTokenNs = 0;
    let steps = Infinity;
    for (const term of this.cost.decode_step) {
      if (term.basis !== "context_tokens" && term.basis !== "kv_tokens") {
        fixedNs += term.coefficient_ns * termQuantity(term, quantities);
        continue;
      }
      if (!countsAt(term, requests)) continue;
      // Both parts are computed without the context, so that they come out the same in every step of the regime.
      const ownTokens = term.basis === "kv_tokens" ? requests : 0;
      const { growing, offset, knot } = regime(term, contextTokens + ownTokens);
      steps = Math.min(steps, Math.ceil((knot - ownTokens - contextTokens) / requests));
      if (growing) contextTokenNs += term.coefficient_ns;
      fixedNs += term.coefficient_ns * (growing ? ownTokens + offset : offset);
    }
    return linearDecodeLaw(fixedNs, contextTokenNs, requests, contextTokens, steps);
  }
}

interface Regime {
  /** The clipped quantity is the quantity plus the offset, or the offset alone. */
  readonly growing: boolean;
  readonly offset: number;
  /** Where the regime ends. */
  readonly knot: number;
}

function regime({ beyond = 0, upto = Infinity }: CostTerm, quantity: number): Regime {
  if (quantity < beyond) return { growing: false, offset: 0, knot: beyond };
  if (quantity < upto) return { growing: true, offset: -beyond, knot: upto };
  return { growing: false, offset: upto - beyond, knot: Infinity };
}

function chunkQuantities(requests: number, tokens: number, attentionPairs: number): Quantities {
  return { base: 1, rows: requests, tokens, attention_pairs: attentionPairs, context_tokens: 0, kv_tokens: tokens };
}

function baseNs(terms: readonly CostTerm[], rows: number): number {
  return terms.reduce((sum, term) => {
    return term.basis === "base" && countsAt(term, rows) ? sum + term.coefficient_ns : sum;
  }, 0);
}
