/**
 * The probes of a vLLM server that a black-box fit wants, most informative first. A group is sent when the server is idle and
 * is over before the next begins. Labels as in recordings: prefill-p<prompt>-o<outputs>, decode-b<batch>-c<context>,
 * mixed-b<decodes>, burst-<n>.
 */
import { oneByOneMs, togetherMs, type Pace, type SentRequest } from "./probe-pace.js";

/** What of a server's settings bounds its probes. */
export interface ProbedServer {
  readonly maxNumSeqs: number;
  readonly maxNumBatchedTokens: number;
  readonly maxModelLen: number;
  /** Tokens that the KV cache holds; absent: unknown, taken as enough. */
  readonly kvTokens?: number | undefined;
  /** Tokens of the largest CUDA graph; 0: none; absent: unknown. */
  readonly largestGraph?: number | undefined;
}

export interface ProbeRequest extends SentRequest {
  readonly label: string;
}

export interface ProbeGroup {
  readonly name: string;
  /** 1: no fit without it; then what is dropped later, 2, 3, 4. */
  readonly tier: 1 | 2 | 3 | 4;
  /** Each request when the one before is answered, or all at their offsets. */
  readonly isOneByOne: boolean;
  readonly requests: readonly ProbeRequest[];
  readonly expectedMs: number;
}

const SHORT_CONTEXT = 16;
/** Decode steps of a rung: as many as take so long on a full server, within bounds. */
const RUNG_MS = 1_500;
const rungOutputs = ({ batchStepMs }: Pace): number => stepsWithin(RUNG_MS, batchStepMs, [24, 64]);
/** KV blocks are not filled to the last, so that nothing is preempted. */
const MAX_KV_FRACTION = 0.9;

/** Every group worth sending; a plan takes what its budget allows. */
export function probeGroups(server: ProbedServer, pace: Pace): ProbeGroup[] {
  return [
    ...prefillGroups(server, pace),
    ...concurrencyLadder(server, pace),
    ...contextLadder(server, pace),
    ...mixedGroups(server, pace),
    ...burstGroups(server, pace),
  ];
}

/** Lengths of lone prompts: a ladder, both sides of the largest CUDA graph, and beyond the token budget where it may be. */
export function prefillLengths({ maxModelLen, maxNumBatchedTokens, largestGraph }: ProbedServer): number[] {
  const graph = largestGraph ?? 0;
  const wanted = [
    ...[16, 64, 128, 256, 512, 1024, 1536, 2048, 3072],
    ...(graph > 0 ? [graph - 16, graph, graph + 8] : []),
    Math.round(maxNumBatchedTokens * 1.5),
  ];
  const most = maxModelLen - 2;
  const fitting = wanted.filter((length) => length >= 1 && length <= most);
  // A short model is measured up to its end.
  if (most < 2048) fitting.push(most);
  return [...new Set(fitting)].sort((a, b) => a - b);
}

function prefillGroups(server: ProbedServer, pace: Pace): ProbeGroup[] {
  const lengths = prefillLengths(server);
  const round = (repeat: number, outputTokens: number, tier: ProbeGroup["tier"]): ProbeGroup => {
    const requests = lengths.map((length) => lonePrefill(length, outputTokens));
    const name = `lone prefills, ${outputTokens} output${outputTokens > 1 ? "s" : ""}, round ${repeat}`;
    return { name, tier, isOneByOne: true, requests, expectedMs: oneByOneMs(pace, requests) };
  };
  return [1, 2, 3, 4, 5].flatMap((repeat) => [
    round(repeat, 1, repeat === 1 ? 1 : repeat <= 3 ? 2 : 4),
    round(repeat, 2, repeat === 1 ? 2 : repeat <= 3 ? 3 : 4),
  ]);
}

function lonePrefill(promptTokens: number, outputTokens: number): ProbeRequest {
  return { label: `prefill-p${promptTokens}-o${outputTokens}`, promptTokens, outputTokens, offsetMs: 0 };
}

/** Powers of two first; between them, where padding to CUDA graph sizes and other kernels show, later. */
const coreBatches = [1, 2, 4, 16, 64, 128, 256];
const moreBatches = [3, 8, 32, 96, 192];
const oddBatches = [5, 12, 24, 48, 100];

function concurrencyLadder(server: ProbedServer, pace: Pace): ProbeGroup[] {
  const core = [...new Set([...coreBatches.filter((batch) => batch < server.maxNumSeqs), server.maxNumSeqs])];
  const isLadder = (batch: number): boolean => batch < server.maxNumSeqs && !core.includes(batch);
  const rung = (batch: number, round: number, tier: ProbeGroup["tier"]): ProbeGroup[] =>
    decodeGroup({ batch, context: SHORT_CONTEXT, round, tier }, server, pace);
  return [
    ...core.flatMap((batch) => rung(batch, 1, 1)),
    ...moreBatches.filter(isLadder).flatMap((batch) => rung(batch, 1, 2)),
    ...core.flatMap((batch) => rung(batch, 2, 3)),
    ...oddBatches.filter(isLadder).flatMap((batch) => rung(batch, 1, 4)),
  ];
}

function contextLadder(server: ProbedServer, pace: Pace): ProbeGroup[] {
  const longest = server.maxModelLen - rungOutputs(pace);
  const contexts = [256, 1024, 2048, 3500].filter((context) => context <= longest);
  if (longest < 2048 && longest > 256) contexts.push(longest);
  const batches = [16, 64, 4].map((batch) => Math.min(batch, server.maxNumSeqs));
  const rungs = [...new Set(batches)].flatMap((batch) => [...new Set(contexts)].map((context) => ({ batch, context })));
  return [1, 2].flatMap((round) =>
    rungs.flatMap(({ batch, context }) => {
      // One rung with a short and one with the longest context show what attention costs.
      const isShort = batch === batches[0] && context === contexts[0];
      const isLong = batch === batches[2] && context === contexts.at(-1);
      const tier = round === 2 ? 4 : isShort || isLong ? 1 : batch === batches[0] ? 2 : 3;
      return decodeGroup({ batch, context, round, tier }, server, pace);
    }),
  );
}

interface Rung {
  readonly batch: number;
  readonly context: number;
  readonly round: number;
  readonly tier: ProbeGroup["tier"];
}

/** Requests that start together and decode together; none where the KV cache or the length does not allow it. */
function decodeGroup({ batch, context, round, tier }: Rung, server: ProbedServer, pace: Pace): ProbeGroup[] {
  const outputTokens = rungOutputs(pace);
  const fits = fitsKv(server, batch * (context + outputTokens));
  if (batch > server.maxNumSeqs || context + outputTokens > server.maxModelLen || !fits) return [];
  const label = `decode-b${batch}-c${context}`;
  const requests = Array.from({ length: batch }, () => request(label, context, outputTokens));
  return [together(`${label}, round ${round}`, tier, requests, pace)];
}

const MIXED_MS = 3_000;

/** Decodes that run while prompts of several lengths join, one after another. */
function mixedGroups(server: ProbedServer, pace: Pace): ProbeGroup[] {
  const lengths = [64, 256, 512, 1024, 2048, 384].filter((length) => length + 4 <= server.maxModelLen);
  const groups = [8, 64].map((wanted) => Math.min(wanted, server.maxNumSeqs - 1)).filter((decodes) => decodes >= 1);
  return [1, 2].flatMap((round) =>
    [...new Set(groups)].flatMap((decodes) => {
      const steps = stepsWithin(MIXED_MS, pace.batchStepMs, [48, 96]);
      const outputTokens = Math.min(steps, server.maxModelLen - SHORT_CONTEXT);
      const label = `mixed-b${decodes}`;
      const running = Array.from({ length: decodes }, () => request(label, SHORT_CONTEXT, outputTokens));
      const joins = joining(label, lengths, { decodes, outputTokens, pace });
      const tokens =
        decodes * (SHORT_CONTEXT + outputTokens) + joins.reduce((sum, join) => sum + join.promptTokens + 4, 0);
      if (joins.length === 0 || !fitsKv(server, tokens)) return [];
      const tier = round === 2 ? 3 : decodes === groups[0] ? 1 : 2;
      return [together(`${label}, round ${round}`, tier, [...running, ...joins], pace)];
    }),
  );
}

/** As many joining prompts as there are decode steps left for, spaced so that each is done before the next. */
function joining(
  label: string,
  lengths: readonly number[],
  { decodes, outputTokens, pace }: { decodes: number; outputTokens: number; pace: Pace },
): ProbeRequest[] {
  const running = Array.from({ length: decodes }, () => request(label, SHORT_CONTEXT, outputTokens));
  const endMs = togetherMs(pace, running);
  const joins: ProbeRequest[] = [];
  let offsetMs = 0.1 * endMs;
  for (const promptTokens of lengths) {
    if (offsetMs > 0.9 * endMs) break;
    joins.push({ label, promptTokens, outputTokens: 4, offsetMs: Math.round(offsetMs) });
    offsetMs += 1.5 * togetherMs(pace, [request(label, promptTokens, 4)]);
  }
  return joins;
}

/** Short prompts at one instant show the front end; long ones a GPU that is never idle. */
function burstGroups(server: ProbedServer, pace: Pace): ProbeGroup[] {
  const sizes = [16, 4, 64].map((size) => Math.min(size, server.maxNumSeqs));
  const burst = (size: number, promptTokens: number, round: number, tier: ProbeGroup["tier"]): ProbeGroup[] => {
    if (promptTokens + 2 > server.maxModelLen || !fitsKv(server, size * (promptTokens + 2))) return [];
    const requests = Array.from({ length: size }, () => request(`burst-${size}`, promptTokens, 2));
    return [together(`burst-${size} of ${promptTokens}, round ${round}`, tier, requests, pace)];
  };
  return [1, 2].flatMap((round) => [
    ...[...new Set(sizes)].flatMap((size) => burst(size, 32, round, round === 1 ? 2 : 3)),
    ...burst(Math.min(8, server.maxNumSeqs), Math.min(1024, server.maxModelLen - 2), round, round === 1 ? 2 : 4),
  ]);
}

function request(label: string, promptTokens: number, outputTokens: number): ProbeRequest {
  return { label, promptTokens, outputTokens, offsetMs: 0 };
}

function together(name: string, tier: ProbeGroup["tier"], requests: readonly ProbeRequest[], pace: Pace): ProbeGroup {
  return { name, tier, isOneByOne: false, requests, expectedMs: togetherMs(pace, requests) };
}

/** Steps that take so long, within bounds. */
function stepsWithin(ms: number, stepMs: number, [least, most]: readonly [number, number]): number {
  return Math.max(least, Math.min(most, stepMs === 0 ? most : Math.round(ms / stepMs)));
}

function fitsKv({ kvTokens }: ProbedServer, tokens: number): boolean {
  return kvTokens === undefined || tokens <= MAX_KV_FRACTION * kvTokens;
}
