/**
 * One simulated run as its run folder holds it: a policy on a profile under a load. Same inputs, same bytes: nothing in
 * the result depends on the date or the machine that simulates.
 */
import { ConfigError, InvariantError, tableRun, type Profile, type Run, type Workload } from "../../formats/index.js";
import {
  extrapolationOf,
  ProfileCost,
  rankStream,
  replicaStream,
  stepCostOf,
  type StepCostModel,
} from "../cost/index.js";
import { summarise, summariseClasses, summariseSessions, type SessionSummary, type Summary } from "../metrics/index.js";
import { createVllm, stepPolicyNames, type BatchPlan, type StepPlan, type StepPolicy } from "../policy/index.js";
import { DEFAULT_BETA, requireRouter, type RouterName } from "../router/index.js";
import { classesOf, isImpatient } from "../workload/index.js";
import { engineFacts, jitterFact, runInfo, type RunOutcome } from "./describe-run.js";
import { modelledHardware } from "./batches/index.js";
import { EngineBatches } from "./batches/index.js";
import { isJittered } from "./is-jittered.js";
import { machineOf } from "./machine-of.js";
import type { SimulatedRunInput } from "./run-input.js";
import { simulateBatches } from "./batches/index.js";
import { simulateSteps, type StepSimulationResult } from "./simulate-steps.js";
import type { StepSimulationInput } from "./step-simulation.js";
import type { StepLog } from "./log/index.js";
import type { StepObserver } from "./server/index.js";
import { tableOf } from "./log/index.js";

export function simulateRun(input: SimulatedRunInput): Run {
  return runOf(input, simulateOutcome(input));
}

/** A run whose outcome is known. */
export function runOf(input: SimulatedRunInput, outcome: RunOutcome): Run {
  const summary = withClassFigures(input, outcome, {
    ...summarise(outcome.table, { itl: outcome.gaps }),
    ...outcome.giveUps,
  });
  return tableRun(runInfo(input, outcome, summary), outcome.table, outcome.batches);
}

/** The summary with the figures of each class of the load. */
function withClassFigures({ load }: SimulatedRunInput, { table }: RunOutcome, summary: Summary): Summary {
  const classes = classesOf(load);
  if (classes.length === 0) return summary;
  const { figures, hidden } = summariseClasses(table, classes);
  return { ...summary, ...figures, hidden_percentiles: [...summary.hidden_percentiles, ...hidden] };
}

/** The same run without summary and description, for callers that need a few figures of many runs. */
export function simulateOutcome(input: SimulatedRunInput): RunOutcome {
  const { plan, profile, replicas = 1, router = "round-robin" } = input;
  if (plan.work === "step") return stepsOnEngine(input, plan);
  if (input.autoscale !== undefined) {
    throw new ConfigError(
      `an autoscaler is modelled only for policies that run steps (${stepPolicyNames.join(", ")}), not for ${plan.name}`,
    );
  }
  requireRouter(router, plan.name, false);
  if (profile.cost.kind !== "vllm_engine") return batchesOnMachines(input, plan);
  if (replicas > 1) {
    throw new ConfigError(
      `${replicas} replicas of ${plan.name} in front of a vLLM server are not modelled, expected 1, or a profile of whole ` +
        `batches, or a policy that runs steps: ${stepPolicyNames.join(", ")}`,
    );
  }
  return batchesOnEngine(input, plan);
}

function batchesOnMachines(input: SimulatedRunInput, plan: BatchPlan): RunOutcome {
  const { profile, workload, coldStart, seed, replicas = 1, router = "round-robin" } = input;
  const costs = Array.from({ length: replicas }, (_, replica) => {
    const jitterStream = isJittered(input) ? replicaStream(seed, replica) : undefined;
    return new ProfileCost(profile, { coldStart, jitterStream });
  });
  const machine = machineOf(profile);
  const machines = costs.map((cost) => ({ policy: plan.create(machine), hardware: modelledHardware(cost) }));
  const { table, batches, busyNs, giveUps } = simulateBatches({ workload, machines, router, seed });
  const facts = {
    work_items: batches.length,
    busy_ms: busyNs / 1e6,
    preemptions: 0,
    ...(replicas > 1 ? { replicas, router } : {}),
    ...(isJittered(input) ? { jitter: "on" } : {}),
  };
  return { table, batches, facts, extrapolation: extrapolationOf(costs), giveUps };
}

/**
 * A policy of whole batches as the client of a vLLM server, which has the settings that the profile was measured with.
 */
function batchesOnEngine(input: SimulatedRunInput, plan: BatchPlan): RunOutcome {
  const { profile, workload, engine = "fast" } = input;
  const { requests } = workload;
  if (isImpatient(workload)) {
    throw new ConfigError(
      `patience and retries of the clients of ${plan.name} in front of a vLLM server are not modelled, expected a profile of whole ` +
        `batches, or a policy that runs steps: ${stepPolicyNames.join(", ")}`,
    );
  }
  const machine = machineOf(profile);
  const server = createVllm({}, machine);
  if (server.dataParallel !== undefined) {
    throw new ConfigError(
      `${plan.name} in front of a vLLM server with data_parallel_size ${server.dataParallel.ranks} is not modelled; simulate ` +
        `a policy that runs steps (${stepPolicyNames.join(", ")}), or take a profile of one engine`,
    );
  }
  const cost = stepCosts(input, server)(0);
  const hardware = new EngineBatches({ requests, server, cost, engine });
  const { table, batches } = simulateBatches({ workload, machines: [{ policy: plan.create(machine), hardware }] });
  const { log } = hardware;
  log.checkWhole();
  return {
    table,
    batches,
    facts: {
      server_settings: server.settings,
      work_items: batches.length,
      ...engineFacts(hardware.finish()),
      ...jitterFact(input),
    },
    gaps: log.gaps,
    extrapolation: extrapolationOf([cost]),
    vllmVersion: server.vllmVersion,
  };
}

function stepsOnEngine(input: SimulatedRunInput, plan: StepPlan): RunOutcome {
  const steps = stepSimulationOf(input, plan);
  return outcomeOfSteps(input, steps, simulateSteps(steps));
}

/** What a run of engines simulates. */
export interface RunSteps extends StepSimulationInput {
  readonly policy: StepPolicy;
  readonly router: RouterName;
  readonly replicas: number;
}

/** ConfigError where policy, profile and router do not go together. */
export function stepSimulationOf(input: SimulatedRunInput, plan: StepPlan): RunSteps {
  const { profile, workload, seed, engine = "fast", replicas = 1, router = "round-robin", routerBeta } = input;
  const policy = plan.create(machineOf(profile));
  requireRouter(router, plan.name, policy.prefixCache !== undefined);
  requireGraphCosts(plan, profile);
  requireSynchronous(plan, profile);
  const cost = stepCosts(input, policy);
  if (input.observe !== undefined && workload.retries !== undefined) {
    throw new ConfigError(
      "retries: requests that are sent again have no timeline, expected none with --trace or explain",
    );
  }
  return {
    workload,
    policy,
    cost,
    engine,
    replicas,
    router,
    routerBeta,
    seed,
    autoscale: input.autoscale,
    observer: observerOf(input, policy),
  };
}

/** The outcome of a run whose steps were simulated. */
export function outcomeOfSteps(
  input: SimulatedRunInput,
  { workload, policy, replicas, router, routerBeta }: RunSteps,
  { log, extrapolation, fleet, giveUps, ...totals }: StepSimulationResult,
): RunOutcome {
  return {
    table: tableOf(log),
    batches: [],
    facts: {
      policy_settings: policy.settings,
      work_items: totals.steps,
      ...engineFacts(totals, policy.dataParallel),
      ...(replicas > 1 ? { replicas, router } : {}),
      ...(replicas > 1 && router === "prefix-aware" ? { router_beta: routerBeta ?? DEFAULT_BETA } : {}),
      ...sessionFact(workload, log),
      ...jitterFact(input),
    },
    gaps: log.gaps,
    extrapolation,
    fleet,
    giveUps,
    vllmVersion: policy.vllmVersion,
  };
}

function observerOf(
  input: SimulatedRunInput,
  policy: StepPolicy,
): ((replica: number, rank: number) => StepObserver) | undefined {
  const { observe, engine } = input;
  if (observe === undefined) return undefined;
  if (engine !== "step") throw new InvariantError("watching steps needs the engine that takes every one");
  const meanCosts = stepCosts({ ...input, jitter: false }, policy);
  const { ranks = 1 } = policy.dataParallel ?? {};
  return (replica, rank) => observe(replica * ranks + rank, meanCosts(replica, rank));
}

function sessionFact({ requests, sessions }: Workload, log: StepLog): { sessions?: SessionSummary } {
  return sessions === undefined ? {} : { sessions: summariseSessions(log, requests, sessions.count) };
}

/** Makes the step costs of a replica's rank, by their numbers; without ranks there is the first. */
function stepCosts(input: SimulatedRunInput, policy: StepPolicy): (replica: number, rank?: number) => StepCostModel {
  const { profile, coldStart, seed, runSeed = seed, paceAt } = input;
  const { limits, captureSizes } = policy;
  const isSampled = isJittered(input);
  return (replica, rank = 0) =>
    stepCostOf(profile, {
      ...limits,
      captureSizes,
      coldStart,
      jitterStream: isSampled ? rankStream(replicaStream(seed, replica), rank) : undefined,
      hostStream: isSampled ? replicaStream(seed, replica) : undefined,
      runStream: replicaStream(runSeed, replica),
      paceAt,
    });
}

/** ConfigError for steps that overlap, on a profile that measured them one at a time. */
function requireSynchronous({ settings }: StepPlan, { steps, name }: Profile): void {
  if (steps === undefined || settings.async_scheduling !== true) return;
  throw new ConfigError(`async_scheduling: profile "${name}" measured steps one at a time, leave it out`);
}

/** ConfigError for settings of CUDA graphs on a profile that has no costs of them. */
function requireGraphCosts({ settings }: StepPlan, { cost, name }: Profile): void {
  if (cost.kind !== "static_batch") return;
  for (const key of ["enforce_eager", "cudagraph_capture_sizes"]) {
    if (settings[key] === undefined) continue;
    throw new ConfigError(
      `${key}: profile "${name}" has costs of whole batches and knows no CUDA graphs, leave it out, or simulate on a ` +
        "profile of a vLLM engine",
    );
  }
}
