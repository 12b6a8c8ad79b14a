/**
 * Costs of steps from single steps that were measured (`steps` of a profile). The loop is synchronous: the host
 * schedules, a step runs, its tokens are reported.
 */
import { stepPartNames, withFields, type StepCosts, type StepPartName } from "../../formats/index.js";
import { DecodeTimes } from "./decode-times.js";
import { OwnFactors, type FactorStream } from "./draws/index.js";
import { RangeUse } from "./range-use.js";
import { linearDecodeLaw, wholeNs, type DecodeLaw } from "./decode-law.js";
import { noHost, type HostCost, type StepCostModel, type StepShape } from "./step-cost.js";
import { stepQuantities, type StepQuantities, type StepWork } from "./step-quantities.js";
import { sumTerms } from "./terms.js";

const mean: FactorStream = { next: () => 1 };

export class MeasuredStepCost implements StepCostModel {
  readonly host: HostCost;
  readonly rangeUse: RangeUse;
  readonly isSampled: boolean;
  readonly decodeTimes?: (requests: number) => DecodeTimes;
  private readonly step: FactorStream;
  private readonly decodesNs: number[] = [];
  private coldNs: number;

  /**
   * `jitterStream` names the streams `${jitterStream}/...` that times are drawn from; absent: every time is its mean.
   */
  constructor(
    private readonly cost: StepCosts,
    options: { readonly coldStart: boolean; readonly jitterStream?: string | undefined },
  ) {
    const { coldStart, jitterStream } = options;
    const { schedule, update, jitter } = cost;
    this.rangeUse = new RangeUse(cost.range);
    this.coldNs = coldStart ? cost.cold_start_ns : 0;
    this.isSampled = jitterStream !== undefined;
    const drawn = (of: "step" | "host", name: string): FactorStream =>
      jitterStream === undefined ? mean : new OwnFactors(jitter[of], `${jitterStream}/${name}`);
    this.step = drawn("step", "step");
    const scheduling = drawn("host", "schedule");
    const updating = drawn("host", "update");
    const scheduleNs = (requests: number): number => schedule.base_ns + schedule.request_ns * requests;
    const updateNs = (requests: number): number => update.base_ns + update.request_ns * requests;
    this.host = withFields(noHost, {
      scheduleNs: ({ scheduledRequests }: StepShape) => wholeNs(scheduleNs(scheduledRequests) * scheduling.next(0)),
      updateNs: (requests: number) => wholeNs(updateNs(requests) * updating.next(0)),
    });
    if (jitterStream === undefined) return;
    this.decodeTimes = (requests) =>
      new DecodeTimes({
        ...{ scheduleNs: scheduleNs(requests), schedule: scheduling, launchNs: 0, launch: mean, lead: 0 },
        ...{ requests, gpu: this.step, updateNs: updateNs(requests), update: updating },
      });
  }

  gpuNs(step: StepShape): number {
    const ns = this.costNs(step);
    this.rangeUse.step(step, ns);
    return ns;
  }

  private costNs(step: StepShape): number {
    const coldNs = this.coldNs;
    this.coldNs = 0;
    const meanNs =
      step.prefillTokens === 0
        ? this.decodeLaw(step.decodeRequests, step.decodeContextTokens).firstNs
        : sumParts(this.cost, stepQuantities(stepWork(step), this.cost.groups_per_run));
    return Math.max(1, wholeNs(meanNs * this.step.next(0) + coldNs));
  }

  decodeLaw(requests: number, contextTokens: number): DecodeLaw {
    const baseNs = (this.decodesNs[requests] ??= sumParts(this.cost, decodesOf(requests, this.cost.groups_per_run)));
    return linearDecodeLaw(baseNs, contextTokenNs(this.cost), requests, contextTokens, Infinity);
  }
}

/** Time of a step by its parts, ns, not rounded. */
export function sumParts({ terms }: Pick<StepCosts, "terms">, quantities: StepQuantities): number {
  return stepPartNames.reduce((sum, part: StepPartName) => sum + sumTerms(terms[part], quantities[part]), 0);
}

function decodesOf(requests: number, groupsPerRun: number): StepQuantities {
  const nothingElse = { contextTokens: 0, chunks: 0, chunkTokens: 0, attentionPairs: 0, moves: 0, movedTokens: 0 };
  return stepQuantities({ decodes: requests, sampled: requests, ...nothingElse }, groupsPerRun);
}

/** Context is not clipped by the fit, so the time grows by as much with each cached token. */
function contextTokenNs({ terms }: StepCosts): number {
  return terms.decode.reduce((sum, term) => sum + (term.basis === "context_tokens" ? term.coefficient_ns : 0), 0);
}

/**
 * Chunks of one token run with the decodes. A request that ends leaves a hole among the slots of those that decode,
 * into which another is moved; as many end as join, so each chunk brings one move of a decode's tokens.
 */
export function stepWork(step: StepShape): StepWork {
  const { decodeRequests, decodeContextTokens, prefillTokens, prefillRequests, prefillContextTokens } = step;
  const rests = step.promptRests ?? 0;
  const chunks = prefillRequests - rests;
  const moves = decodeRequests > 0 ? chunks : 0;
  const restsAlone = chunks === 0;
  return {
    decodes: decodeRequests + rests,
    contextTokens: decodeContextTokens + (restsAlone ? prefillContextTokens : 0),
    chunks,
    chunkTokens: prefillTokens - rests,
    attentionPairs: restsAlone ? 0 : step.prefillAttentionPairs,
    sampled: step.samplingRequests ?? step.scheduledRequests,
    moves,
    movedTokens: moves === 0 ? 0 : (moves * decodeContextTokens) / decodeRequests,
  };
}
