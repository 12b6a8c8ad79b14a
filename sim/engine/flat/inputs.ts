/** What the compiled engine is told before it begins: limits of the scheduler, and costs as numbers. */
import type { GraphKind, PacedCosts } from "../../cost/index.js";
import { slotCount, stepBudget, type CountedLimits, type TokenCounts } from "../../policy/index.js";
import type { Inputs } from "./machine.js";

/** Numbers of the kinds of launches, and of the streams, which launches come at the end of. */
export const kindNumbers: Readonly<Record<GraphKind, number>> = { full: 0, piecewise: 1, none: 2 };

export function streamsOf({ streams }: PacedCosts): readonly PacedCosts["streams"]["gpu"][] {
  const { schedule, update, gpu, request, output, launch_full_graph, launch_piecewise, launch_no_graph } = streams;
  return [schedule, update, gpu, request, output, launch_full_graph, launch_piecewise, launch_no_graph];
}

/** Integers are 32 bits wide there, and some tables have an entry for each slot, or for each token of the longest answer. */
const MOST = 2 ** 31 - 1;
const MOST_SLOTS = 2 ** 16;
const MOST_OUTPUT_TOKENS = 2 ** 22;

/** Whether limits and answers are such that their numbers fit. */
export function isWithinReach(limits: CountedLimits, { longestOutput }: TokenCounts): boolean {
  const integers = [limits.numGpuBlocks, limits.maxModelLen, limits.longPrefillTokenThreshold];
  const longest = Math.min(longestOutput, limits.maxModelLen);
  return integers.every((value) => value <= MOST) && slotCount(limits) <= MOST_SLOTS && longest <= MOST_OUTPUT_TOKENS;
}

interface Asked {
  readonly limits: CountedLimits;
  readonly paced: PacedCosts;
  readonly stopsAtEnds: boolean;
  readonly stopsAtPreemption: boolean;
  readonly tellsFirstTokens: boolean;
}

export function inputsOf({ limits, paced, ...asked }: Asked): Inputs {
  return {
    totalBlocks: limits.numGpuBlocks - 1,
    isCaching: Number(limits.prefixCaching),
    isRanked: Number(limits.schedulingPolicy === "priority"),
    stopsAtEnds: Number(asked.stopsAtEnds),
    stopsAtPreemption: Number(asked.stopsAtPreemption),
    tellsFirstTokens: Number(asked.tellsFirstTokens),
    ...limitsAsNumbers(limits),
    ...timesOf(paced),
    ...launchesOf(paced),
    paceCellsPerNs: paced.pace.cellsPerNs,
    paceFirstCell: 0,
    paceCells: 0,
    stallTokens: paced.stalls.tokensLeft,
  };
}

function limitsAsNumbers(limits: CountedLimits): Pick<Inputs, LimitName> {
  return {
    isAsynchronous: Number(limits.asyncScheduling),
    budget: Math.min(MOST, stepBudget(limits)),
    slots: slotCount(limits),
    maxModelLen: limits.maxModelLen,
    maxNumBatchedTokens: Math.min(MOST, limits.maxNumBatchedTokens),
    watermarkBlocks: Math.floor(limits.watermark * limits.numGpuBlocks),
    blockSize: limits.blockSize,
    longPrefillTokenThreshold: limits.longPrefillTokenThreshold,
    adaptivePrefillCap: Number(limits.adaptivePrefillCap === true),
    sparesLoneRequest: Number(limits.rules.sparesLoneRequest),
    chunkedPrefill: Number(limits.chunkedPrefill),
    reserveFullIsl: Number(limits.reserveFullIsl),
  };
}

type LimitName =
  | ("isAsynchronous" | "budget" | "slots" | "maxModelLen" | "maxNumBatchedTokens" | "watermarkBlocks" | "blockSize")
  | ("longPrefillTokenThreshold" | "adaptivePrefillCap" | "sparesLoneRequest" | "chunkedPrefill" | "reserveFullIsl");

function timesOf({ host, frontEnd, jobs, gpu }: PacedCosts): Pick<Inputs, TimeName> {
  const { copyNs, sendNs, takeRequestNs, wakeNs, emptyStepSleepNs, prefillRequestNs } = host;
  const { acceptNs, deliveryNs, hops } = frontEnd;
  return {
    ...{ copyNs, sendNs, takeRequestNs, wakeNs, emptyStepSleepNs, acceptNs, deliveryNs, hops, prefillRequestNs },
    requestNs: jobs.request_ns,
    requestTokenNs: jobs.request_token_ns,
    hopNs: jobs.request_hop_ns,
    hopGapNs: jobs.request_hop_gap_ns,
    outputNs: jobs.output_ns,
    outputTokenNs: jobs.output_token_ns,
    chunkNs: jobs.chunk_ns,
    firstChunkNs: jobs.first_chunk_ns,
    firstWaitTokenNs: jobs.first_wait_token_ns,
    contextTokenNs: gpu.context_token_ns,
    attentionPairNs: gpu.attention_pair_ns,
  };
}

type TimeName =
  | ("copyNs" | "sendNs" | "takeRequestNs" | "wakeNs" | "emptyStepSleepNs" | "acceptNs" | "deliveryNs" | "hops")
  | ("prefillRequestNs" | "requestNs" | "requestTokenNs" | "hopNs" | "hopGapNs" | "outputNs" | "outputTokenNs")
  | ("chunkNs" | "firstChunkNs" | "firstWaitTokenNs" | "contextTokenNs" | "attentionPairNs");

function launchesOf({ host, calls, graphs }: PacedCosts): Pick<Inputs, LaunchName> {
  const { full, piecewise, eager } = host;
  const { share = 0, memory_ns = 1 } = calls.launch_recency ?? {};
  return {
    fullLead: full.lead,
    piecewiseLead: piecewise.lead,
    eagerLead: eager.lead,
    piecewisePower: piecewise.overlapPower,
    eagerPower: eager.overlapPower,
    recencyShare: share,
    recencyMemoryNs: memory_ns,
    graphTokens: graphs.graphTokens,
    promptRestIsDecode: Number(graphs.promptRestIsDecode),
  };
}

type LaunchName =
  | ("fullLead" | "piecewiseLead" | "eagerLead" | "piecewisePower" | "eagerPower" | "recencyShare" | "recencyMemoryNs")
  | ("graphTokens" | "promptRestIsDecode");
