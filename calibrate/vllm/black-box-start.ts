/** Where the search of an engine's costs starts: from closed forms of probes, and in the proportions of measured servers. */
import { ArtifactError, type RequestRecord } from "../../formats/index.js";
import { tpotMs, ttftMs } from "../../sim/index.js";
import { nnls, type LinearSolver } from "../fit/index.js";
import type { Parameters } from "./black-box-model.js";
import { chunkTimesMs } from "./client-features.js";
import { isProbes, settingsOf, type RecordedRun } from "./recorded-run.js";
import { quantileOfValues } from "./spread.js";

/** Closed forms: decode ladders give the period of a step, lone prefills what a token costs; the rest as elsewhere. */
export function startOf(runs: readonly RecordedRun[], solver: LinearSolver): Parameters {
  const probes = runs.filter(isProbes);
  const requests = runs.flatMap(({ run }) => run.requests).filter(({ status }) => status === "ok");
  const tpots = requests.map(tpotMs).filter((value) => value !== null);
  const ttfts = requests.map(ttftMs).filter((value) => value !== null);
  if (tpots.length < 10) {
    throw new ArtifactError(
      "the recordings have fewer than 10 answers of two tokens or more, too few to fit an engine to",
    );
  }
  const fastestMs = quantileOfValues(tpots, 0.05);
  const decode = decodeLadder(probes, solver) ?? [0.85 * fastestMs * 1e6, fastestMs * 1e6 * 1e-3, fastestMs * 6];
  const perToken = prefillLadder(probes, solver) ?? decode[0]! * 3.4e-3;
  const idleMs = quantileOfValues(ttfts, 0.02);
  const least = (ns: number, of: number): number => Math.max(ns, of);
  const from = startFrom({ fastestTpotMs: fastestMs, idleTtftMs: idleMs });
  const base = least(decode[0]!, 1e5);
  return {
    ...from,
    decode_base: base,
    decode_padded_token: least(decode[1]!, 1e-4 * base),
    context_token: least(decode[2]!, 1e-7 * base),
    prefill_padded_token: least(perToken, 2e-4 * base),
    attention_pair: 2.6e-5 * perToken,
  };
}

/** A start from two latencies alone, in the proportions of measured servers. */
export function startFrom(seen: { readonly fastestTpotMs: number; readonly idleTtftMs: number }): Parameters {
  const base = Math.max(1e5, 0.85 * seen.fastestTpotMs * 1e6);
  const idleNs = seen.idleTtftMs * 1e6;
  const front = Math.min(0.3 * idleNs, 4e6);
  const perToken = 3.4e-3 * base;
  return {
    decode_base: base,
    decode_padded_token: 1.2e-3 * base,
    context_token: 7e-6 * base,
    prefill_base: 0.15 * base,
    prefill_padded_token: perToken,
    attention_pair: 2.6e-5 * perToken,
    launch_full: 0.5 * base,
    launch_piecewise: Math.max(0.6 * idleNs, 1.2 * base),
    launch_none: Math.max(1.4 * idleNs, 2.4 * base),
    launch_request: 1e-3 * base,
    schedule: 0.025 * base,
    schedule_request: 0.002 * base,
    accept: 0.3 * front,
    request: 0.1 * front,
    request_token: 100,
    output: 0.3 * front,
    output_token: 0.05e6,
    first_wait_token: 0.02e6,
    delivery: 0.2 * front,
    launch_sigma: 0.25,
    front_sigma: 0.3,
    stall_probability: 0.002,
    stall: 5e6,
  };
}

/** The same step times, set by the host: what a decode takes is its launch, and the GPU is done before the next. */
export function hostBound(start: Parameters): Parameters {
  return {
    ...start,
    launch_full: start.decode_base,
    launch_request: start.decode_padded_token,
    decode_base: 0.3 * start.decode_base,
    decode_padded_token: 0.2 * start.decode_padded_token,
    context_token: 0.3 * start.context_token,
  };
}

/** Base, per padded token, per cached token of a decode step, ns, from the `decode-b<batch>-c<context>` probes. */
function decodeLadder(probes: readonly RecordedRun[], solver: LinearSolver): number[] | undefined {
  const rows: number[][] = [];
  for (const recorded of probes) {
    const { graphs } = settingsOf(recorded);
    const groups = new Map<string, number[]>();
    for (const request of recorded.run.requests) {
      const ms = lateGapMs(request);
      if (ms === undefined || !/^decode-b\d+-c\d+$/.test(request.extra?.probe ?? "")) continue;
      const key = `${request.extra!.probe!}-o${request.outputTokens}`;
      groups.set(key, [...(groups.get(key) ?? []), ms]);
    }
    for (const [key, values] of groups) {
      const [, batch, context, output] = /^decode-b(\d+)-c(\d+)-o(\d+)$/.exec(key)!.map(Number) as [number, number, number, number]; // prettier-ignore
      const ns = quantileOfValues(values, 0.5) * 1e6;
      rows.push([1, graphs.paddedTokens(batch), batch * (context + 0.75 * output)].map((value) => value / ns));
    }
  }
  if (rows.length < 5) return undefined;
  return nnls(
    rows,
    rows.map(() => 1),
    solver,
  );
}

/**
 * Mean gap between the later half of its tokens: those before may have waited for prefills of others of its group.
 * Undefined where the token times were not recorded one by one.
 */
function lateGapMs({ extra, outputTokens }: RequestRecord): number | undefined {
  const times = chunkTimesMs(extra);
  if (times.length !== outputTokens || outputTokens < 4) return undefined;
  const middle = outputTokens >> 1;
  return (times.at(-1)! - times[middle]!) / (outputTokens - 1 - middle);
}

/** Per token, ns, from lone prefills of one chunk that are long enough to keep the GPU busy. */
function prefillLadder(probes: readonly RecordedRun[], solver: LinearSolver): number | undefined {
  const rows: number[][] = [];
  const lengths = new Set<number>();
  for (const { run } of probes) {
    const budget = Number(run.info.engine.settings.max_num_batched_tokens);
    for (const request of run.requests) {
      const ms = ttftMs(request);
      const tokens = request.promptTokens;
      if (ms === null || tokens < 1000 || tokens > budget || !request.extra?.probe?.startsWith("prefill-")) continue;
      lengths.add(tokens);
      rows.push([1, tokens].map((value) => value / (ms * 1e6)));
    }
  }
  if (lengths.size < 2) return undefined;
  return nnls(
    rows,
    rows.map(() => 1),
    solver,
  )[1];
}
