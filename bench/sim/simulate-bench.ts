/** What every benchmark of the simulator times: one run with all its metrics, on the profile of a mode. */
import { performance } from "node:perf_hooks";
import { z } from "zod";
import { check, type Profile } from "../../formats/index.js";
import { readProfile } from "../../formats/files/index.js";
import { planPolicy, simulateRun, type EngineName } from "../../sim/index.js";
import type { BenchCase, BenchMode } from "./cases.js";

/** By mode; both are of one recorded vLLM server of an 8B model. */
const profilePaths: Readonly<Record<BenchMode, string>> = {
  default: "profiles/h100-llama-3.1-8b-vllm-0.26.json",
  bare: "bench/sim/llama-8b-profile.json",
};

/** What is simulated. */
export interface BenchRun extends Omit<BenchCase, "note"> {
  readonly replicas?: number;
}

export interface TimedRun {
  /** From the finished workload to the finished summary. */
  readonly seconds: number;
  readonly info: BenchInfo;
}

const number = z.number().nullable();

/** The part of run.json that is read here. */
const infoSchema = z.looseObject({
  engine_steps: z.looseObject({ scheduled: z.number(), jumped: z.number(), in_runs: z.number().default(0) }),
  preemptions: z.number(),
  summary: z.looseObject({
    completed: z.number(),
    duration: number,
    total_input_tokens: z.number(),
    total_output_tokens: z.number(),
    request_throughput: number,
    mean_ttft_ms: number,
    mean_tpot_ms: number,
    mean_e2el_ms: number,
  }),
});

export type BenchInfo = z.output<typeof infoSchema>;

/** The profile at `path`, by default the mode's own; in bare mode the engine's costs alone. */
export function benchProfile(mode: BenchMode, path?: string): Profile {
  const profile = readProfile(path ?? profilePaths[mode]);
  if (profile.cost.kind === "static_batch" || mode === "default") return profile;
  const { kind, gpu, host } = profile.cost;
  return { ...profile, cost: { kind, gpu, host } };
}

/** One run of the vllm policy. `source` names it in errors. */
export function timedRun(run: BenchRun, profile: Profile, engine: EngineName, source: string): TimedRun {
  const { workload, load, settings, replicas = 1 } = run;
  const startMs = performance.now();
  const plan = planPolicy("vllm", settings, { source });
  const { info } = simulateRun({ plan, profile, workload, load, seed: "bench", coldStart: false, engine, replicas });
  const seconds = (performance.now() - startMs) / 1e3;
  return { seconds, info: check(infoSchema, info, { source }) };
}

/** All steps of the engine, and the share of them that it did not take one by one: drawn in runs, or jumped over. */
export function stepCounts({ engine_steps: { scheduled, jumped, in_runs: inRuns } }: BenchInfo): StepCounts {
  const steps = scheduled + jumped;
  return { steps, shareAtOnce: steps === 0 ? 0 : (jumped + inRuns) / steps };
}

interface StepCounts {
  readonly steps: number;
  readonly shareAtOnce: number;
}
