/**
 * How much more load a live server can take, by a profile: the capacity for requests like those it serves, beside its
 * present rate.
 */
import { defined, goalsText, loadSchema, percent, type Answer, type Goals, type Profile } from "../../formats/index.js";
import type { Histogram, Traffic } from "../../real/vllm/server/index.js";
import { defaultJitter, machineOf, planPolicy } from "../../sim/index.js";
import {
  capacityAnswer,
  evidenceAt,
  findCapacity,
  withCrew,
  type CapacityOptions,
  type Deployment,
} from "../answers/index.js";
import { replicationTasks } from "../replicate/index.js";
import { requestsOfTraffic } from "./requests-of-traffic.js";

export interface HeadroomInput {
  readonly traffic: Traffic;
  readonly profile: Profile;
  /** Of vllm. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** None: the server only has to keep up. */
  readonly goals: Goals;
  readonly seed: string;
  /** Requests of each simulated run; absent: as many as the answer takes. */
  readonly count?: number | undefined;
  readonly pricePerHour?: number | undefined;
  readonly asked: Answer["question"]["asked"];
  readonly reproduce: string;
  readonly notes?: readonly string[];
}

const KEEPING_UP = "what it can keep up with";
/**
 * Of the observed number of requests at once, how far the simulated one may be off for the profile to be of this
 * server.
 */
const FAR_OFF = 0.3;
const DEFAULT_DAYS = 12;

/** ConfigError for settings that are not modelled; the answer's value is the rate, its at_rate the present one. */
export async function headroom(input: HeadroomInput, options: CapacityOptions = {}): Promise<Answer> {
  const { traffic, goals, pricePerHour, asked, reproduce } = input;
  const { deployment, cut } = deploymentOf(input);
  const rate = traffic.requestsPerS;
  const found = await findCapacity(deployment, options);
  const days = replicationTasks(deployment, options.replications ?? DEFAULT_DAYS);
  const points = days.map(({ seed, draw }) => ({ x: rate, seed, draw, count: found.count }));
  const present = await withCrew(deployment, options, (crew) => crew.details(points, "at the present rate"));
  const answer = capacityAnswer({
    ...{ deployment, found, atRate: rate, pricePerHour, asked },
    commands: { reproduce, check: null },
  });
  const now = evidenceAt({ request_rate: rate }, present);
  const { fullPerS } = found.pilot;
  return {
    ...answer,
    question: { ...answer.question, name: "headroom", goal: goalsText(goals) || KEEPING_UP },
    observed: {
      request_rate: rate,
      requests: traffic.requests,
      seconds: traffic.seconds,
      utilisation: fullPerS === undefined ? null : rate / fullPerS,
      prompt_tokens_per_request: meanOf(traffic.promptTokens),
      output_tokens_per_request: meanOf(traffic.outputTokens),
      cached_share: traffic.cachedShare ?? null,
      running: traffic.running,
      waiting: traffic.waiting,
      kv_fraction: traffic.kvFraction ?? null,
      mean_ttft_ms: traffic.meanTtftMs ?? null,
      mean_e2el_ms: traffic.meanE2elMs ?? null,
    },
    evidence: [now, ...answer.evidence],
    notes: [...(input.notes ?? []), ...notesOf(traffic, cut, now.statistics), ...answer.notes],
  };
}

function deploymentOf({ traffic, profile, settings, goals, seed, count }: HeadroomInput): {
  deployment: Deployment;
  cut: number;
} {
  const isCached = (traffic.cachedShare ?? 0) > 0 && settings.enable_prefix_caching === undefined;
  const own = isCached ? { ...settings, enable_prefix_caching: true } : settings;
  const plan = planPolicy("vllm", own, { source: "settings of vllm" });
  const mostTokens =
    plan.work === "step" ? plan.create(machineOf(profile)).limits.maxModelLen : profile.model.positions;
  const { requests, cut } = requestsOfTraffic(traffic, mostTokens, seed);
  const deployment: Deployment = {
    policy: { name: plan.name, settings: own },
    profile,
    load: loadSchema.parse(defined({ num_prompts: count })),
    source: { kind: "list", requests, repeats: true, notes: [] },
    vary: "request_rate",
    goals,
    seed,
    jitter: defaultJitter({ plan, profile }),
    ...{ engine: "fast", replicas: 1, router: "round-robin" },
  };
  return { deployment, cut };
}

function meanOf({ sum, cumulative }: Histogram): number {
  return sum / cumulative.at(-1)!;
}

function notesOf(traffic: Traffic, cut: number, now: Readonly<Record<string, number | null>>): string[] {
  const { running, waiting, meanE2elMs } = traffic;
  const notes = ["arrivals are taken to be Poisson, and lengths of prompts and answers to be independent"];
  if (cut > 0) notes.push(`${cut} of the requests drawn from the histograms were cut to what the model can hold`);
  const pairs = [
    ["requests at once", running + waiting, now.mean_concurrent_requests],
    ["mean_e2el_ms", meanE2elMs, now.mean_e2el_ms],
  ] as const;
  for (const [what, measured, simulated] of pairs) {
    if (measured === undefined || simulated == null || measured < 1) continue;
    const off = simulated / measured - 1;
    if (Math.abs(off) <= FAR_OFF) continue;
    notes.push(
      `${what}: ${Number(measured.toPrecision(3))} at the server, ${Number(simulated.toPrecision(3))} simulated at its rate (${percent(off)} ` +
        "off): the profile may be of another server, or the load is not steady",
    );
  }
  return notes;
}
