/** What simulate() of both entries takes: checked, every default filled, resolved to a policy and its requests. */
import { z } from "zod";
import {
  check,
  ConfigError,
  LATEST_MS,
  loadSchema,
  MAX_TOKENS,
  promptsSchema,
  defined,
  type Load,
  type Profile,
  type Run,
  type Workload,
  type WorkloadRequest,
} from "../formats/index.js";
import {
  defaultJitter,
  loadTokenizer,
  planPolicy,
  requireBetaOf,
  requireColdStart,
  requireFits,
  routerNames,
  sessionsFromLoad,
  withAnswerEnds,
  workloadFromLengths,
  workloadFromPrompts,
  workloadFromRequests,
  workloadFromSessions,
  type RouterName,
  type SimulatedRunInput,
  type Summary,
} from "../sim/index.js";

const requestSchema = z.strictObject({
  arrival_ms: z.number().nonnegative().max(LATEST_MS).optional(),
  prompt_tokens: z.int().positive().max(MAX_TOKENS),
  output_tokens: z.int().positive().max(MAX_TOKENS),
  priority: z.int().optional(),
});

/** One request of a list; lower priorities are served first, under a priority policy. */
export type RequestOptions = z.input<typeof requestSchema>;

/** Keys of a load as experiment files and flags have them (docs/workloads.md). */
export type LoadOptions = z.input<typeof loadSchema>;

export interface SimulateOptions {
  /** A name of `policyNames`. */
  readonly policy: string;
  /** The policy's settings, by the names of experiment files; absent ones have their defaults. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  readonly profile: Profile;
  /** When requests come and, where they are not listed, how long they are. Absent: all at once. */
  readonly load?: LoadOptions | undefined;
  /** The requests themselves, in place of the load's lengths; with arrival times they need no rate. */
  readonly requests?: readonly RequestOptions[] | undefined;
  /** Texts of prompts, in place of lengths; all answers have the load's `output_len`. */
  readonly prompts?: readonly string[] | undefined;
  /** Default "1". Same options, same result. */
  readonly seed?: string | number | undefined;
  /** Whether times vary as measured; absent: where the profile says how. */
  readonly jitter?: boolean | undefined;
  /** Whether the first batch pays the profile's cold start; default false. */
  readonly coldStart?: boolean | undefined;
  /** Copies of the server behind a router, of policies that run steps; default 1, round-robin. */
  readonly replicas?: number | undefined;
  readonly router?: RouterName | undefined;
  /** Of the router prefix-aware: weight of the load; default 0.5. */
  readonly routerBeta?: number | undefined;
}

/** A run, and the statistics over it: times in ms, rates per second. */
export type SimulatedRun = Run & { readonly summary: Summary };

/** Everything but the profile, which entries know in forms of their own. */
const optionsSchema = z.strictObject({
  policy: z.string(),
  settings: z.record(z.string(), z.unknown()).default({}),
  profile: z.unknown().optional(),
  load: z.unknown(),
  requests: z.array(requestSchema).min(1, "expected at least one request").optional(),
  prompts: promptsSchema.optional(),
  seed: z.union([z.string(), z.number()]).default("1").transform(String),
  jitter: z.boolean().optional(),
  coldStart: z.boolean().default(false),
  replicas: z.int().positive().max(1000).optional(),
  router: z.enum(routerNames).optional(),
  routerBeta: z.number().nonnegative().optional(),
});

/** What an entry knows of files. */
export interface Files {
  /** Makes the requests of a load that names none of its own, whole; the seed's draws. */
  readonly workload: (load: Load, seed: string) => Promise<Workload>;
  /** Output lengths of a load with output_len_from. */
  readonly outputs: (load: Load) => Promise<readonly number[] | undefined>;
}

/** ConfigError for anything else than an object of options. */
export function requireOptions(options: unknown): void {
  if (typeof options === "object" && options !== null && !Array.isArray(options)) return;
  throw new ConfigError(
    `simulate: got ${Array.isArray(options) ? "a list" : options === null ? "null" : typeof options}, expected an object of options`,
  );
}

/**
 * The run that the options ask for. ConfigError for unknown keys, settings and loads, requests that the model cannot hold
 * in batches, and what the profile cannot answer.
 */
export async function runInput(
  options: { readonly [Key in keyof SimulateOptions]: unknown },
  profile: Profile,
  files: Files,
): Promise<SimulatedRunInput> {
  const { policy, settings, load: given, ...own } = check(optionsSchema, options, { source: "simulate" });
  const { requests, prompts, seed, coldStart, replicas, router, routerBeta } = own;
  requireBetaOf(router ?? "round-robin", routerBeta, "routerBeta");
  const plan = planPolicy(policy, settings, { source: `settings of ${policy}` });
  const load = check(loadSchema, given ?? {}, { source: "load" });
  if (load.utilisation !== undefined) throw new ConfigError("load.utilisation is of experiments, give a request_rate");
  requireProfile(profile);
  if (coldStart) requireColdStart(profile);
  const workload = await workloadOf(load, { requests, prompts, seed, files });
  if (plan.work === "batch") requireFits(workload, profile.model.positions, profile.model.name);
  const jitter = own.jitter ?? defaultJitter({ plan, profile });
  return { plan, profile, workload, load, seed, coldStart, jitter, replicas, router, routerBeta };
}

/** ConfigError for a value that was read by neither loadProfile nor checkProfile. */
function requireProfile(profile: unknown): void {
  const parts = ["cost", "engine", "model", "memory", "range"];
  const isProfile = typeof profile === "object" && profile !== null && parts.every((part) => part in profile);
  if (!isProfile) {
    throw new ConfigError(
      "simulate: profile: expected a profile, as loadProfile and checkProfile return it, or its name",
    );
  }
}

interface RequestSources {
  readonly requests: readonly RequestOptions[] | undefined;
  readonly prompts: readonly string[] | undefined;
  readonly seed: string;
  readonly files: Files;
}

async function workloadOf(load: Load, given: RequestSources): Promise<Workload> {
  const own = await ownRequests(load, given);
  const { seed, files } = given;
  return own === undefined ? files.workload(load, seed) : withAnswerEnds(own, load, seed, await files.outputs(load));
}

async function ownRequests(load: Load, { requests, prompts, seed }: RequestSources): Promise<Workload | undefined> {
  const sources = [
    ...(requests === undefined ? [] : ["requests"]),
    ...(prompts === undefined ? [] : ["prompts"]),
    ...(load.workload === undefined ? [] : ["load.workload"]),
    ...(load.dataset_name === undefined || load.dataset_name === "prompts" ? [] : ["load.dataset_name"]),
  ];
  if (sources.length > 1)
    throw new ConfigError(`got ${sources.join(" and ")}, expected one of them to say what is sent`);
  if (requests !== undefined) return workloadFromRequests(load, listed(requests), seed);
  if (prompts !== undefined) return workloadFromPrompts(load, { prompts, tokenize: await loadTokenizer() }, seed);
  if (load.dataset_name === "sessions") return workloadFromSessions(load, sessionsFromLoad(load, seed), seed);
  return sources[0] === "load.dataset_name" ? workloadFromLengths(load, seed) : undefined;
}

/** In order of arrival, where they have times. */
function listed(requests: readonly RequestOptions[]): WorkloadRequest[] {
  const timed = requests.filter(({ arrival_ms }) => arrival_ms !== undefined).length;
  if (timed !== 0 && timed !== requests.length) {
    throw new ConfigError(`${timed} of ${requests.length} requests have an arrival_ms, expected all or none`);
  }
  return requests
    .map(({ arrival_ms, prompt_tokens, output_tokens, priority }, index) => ({
      id: String(index),
      promptTokens: prompt_tokens,
      outputTokens: output_tokens,
      ...(arrival_ms === undefined ? {} : { arrivalNs: Math.round(arrival_ms * 1e6) }),
      ...defined({ priority }),
    }))
    .sort((a, b) => (a.arrivalNs ?? 0) - (b.arrivalNs ?? 0));
}

/** The run with its summary at hand. */
export function withSummary(run: Run): SimulatedRun {
  // A simulated run is described by a Summary; run.json, which any program may write, promises only a record.
  return Object.assign(run, { summary: run.info.summary as unknown as Summary });
}
