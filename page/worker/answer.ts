/** Answers what the page asks for. Each message is one answer, so that the page can end the worker between two of them. */
import { ConfigError } from "../../formats/index.js";
import {
  comparedPolicies,
  profileOf,
  runOptions,
  sweepRates,
  type ComparedPolicy,
  type PageData,
  type State,
} from "../model/index.js";
import { WATCHED_REQUESTS } from "./frame.js";
import { framesOf } from "./frames.js";
import type { FromWorker, Outcome, Stage, SweepPoint, ToWorker } from "./messages.js";
import { runInput } from "./run-input.js";
import { shownRun } from "./shown-run.js";

/** Requests of a coarse run, and of each run of a sweep. */
export const COARSE_REQUESTS = 60;
const SWEEP_REQUESTS = 400;

export function* answersTo(data: PageData, asked: Exclude<ToWorker, { kind: "start" }>): Generator<FromWorker> {
  const { kind, id, state } = asked;
  if (kind === "simulate") yield { kind: "outcomes", id, stage: asked.stage, ...outcomesOf(data, state, asked.stage) };
  else if (kind === "watch") {
    const { policy } = asked;
    const page = profileOf(data, state);
    const frames = orError(() => framesOf(runInput(page, runOptions(page, state, policy), WATCHED_REQUESTS)));
    yield { kind: "watched", id, policy, frames };
  } else {
    const { load } = runOptions(profileOf(data, state), state, "vllm");
    for (const ratePerS of sweepRates(Number(load.request_rate))) {
      for (const policy of comparedPolicies) yield sweepPoint(data, { id, state, policy, ratePerS });
    }
    yield { kind: "swept", id };
  }
}

function outcomesOf(data: PageData, state: State, stage: Stage) {
  const page = profileOf(data, state);
  const most = stage === "coarse" ? COARSE_REQUESTS : Infinity;
  const of = Object.fromEntries(
    comparedPolicies.map((policy) => [
      policy,
      orError(() => shownRun(runInput(page, runOptions(page, state, policy), most))),
    ]),
  ) as Record<ComparedPolicy, Outcome>;
  return { isWhole: Number(runOptions(page, state, "vllm").load.num_prompts) <= most, of };
}

interface Swept {
  readonly id: number;
  readonly state: State;
  readonly policy: ComparedPolicy;
  readonly ratePerS: number;
}

function sweepPoint(data: PageData, { id, state, policy, ratePerS }: Swept): SweepPoint {
  const page = profileOf(data, state);
  const options = runOptions(page, state, policy);
  const load = { ...options.load, request_rate: ratePerS };
  const run = orError(() => shownRun(runInput(page, { ...options, load }, SWEEP_REQUESTS)));
  const point = { kind: "sweep", id, policy, ratePerS } as const;
  if ("error" in run) return { ...point, requests: 0 };
  const { p90_ttft_ms: p90TtftMs, output_throughput: outputTokensPerS } = run.summary as Record<string, number | null>;
  if (p90TtftMs === null || outputTokensPerS === null) return { ...point, requests: run.requests };
  return { ...point, requests: run.requests, p90TtftMs: p90TtftMs!, outputTokensPerS: outputTokensPerS! };
}

/** What the settings or the profile do not allow is an answer; anything else is a bug and is thrown. */
function orError<Value>(make: () => Value): Value | { readonly error: string } {
  try {
    return make();
  } catch (error) {
    if (error instanceof ConfigError) return { error: error.message };
    throw error;
  }
}
