/**
 * The scenario that a run folder holds: of a simulated run itself, of a recorded run of a vLLM server its requests on a
 * profile.
 */
import { ArtifactError, check, ConfigError, loadSchema, type Profile, type Run } from "../../formats/index.js";
import {
  defaultJitter,
  laterSettings,
  planPolicy,
  replayInput,
  routerNames,
  simulateOutcome,
  withoutNetwork,
} from "../../sim/index.js";
import { atPace } from "../experiment/index.js";
import { loadProfile, profileNames } from "../inputs/index.js";
import { inputOf, readContent, type Scenario } from "../scenario/index.js";

export interface RunScenario {
  readonly scenario: Scenario;
  readonly notes: readonly string[];
}

interface Options {
  /** A name or a file; of a simulated run default: the shipped profile that run.json names. */
  readonly profile?: string | undefined;
  readonly prompts?: string | undefined;
  readonly seed: string;
}

/** ConfigError or ArtifactError for a run that cannot be simulated again. */
export async function scenarioOfRun(folder: string, run: Run, options: Options): Promise<RunScenario> {
  return run.info.source === "sim" ? simulated(folder, run, options) : recorded(folder, run, options);
}

async function simulated(folder: string, run: Run, { profile: given, prompts }: Options): Promise<RunScenario> {
  const { info } = run;
  const found = given === undefined ? profileNamed(folder, info.profile) : loadProfile(given);
  const pace = info.simulated_at_pace;
  const profile = typeof pace === "number" && found.cost.kind === "static_batch" ? atPace(found, pace) : found;
  const source = `${folder}/run.json`;
  const checked = check(loadSchema, givenLoad(run), { source: `${source}: load` });
  if (info.cold_start === true) {
    throw new ConfigError(`${source}: the run has a cold start, which is not simulated again; simulate without it`);
  }
  const plan = planPolicy(info.policy, settingsOf(run, profile), { source: `${source}: policy_settings` });
  const router = routerNames.find((name) => name === info.router) ?? "round-robin";
  const scenario: Scenario = {
    policy: { name: plan.name, settings: plan.settings },
    profile,
    load: checked,
    content: await readContent(checked, prompts),
    seed: info.seed ?? "1",
    jitter: info.jitter === undefined ? defaultJitter({ plan, profile }) : info.jitter === "on",
    engine: "fast",
    replicas: typeof info.replicas === "number" ? info.replicas : 1,
    router,
    routerBeta: typeof info.router_beta === "number" ? info.router_beta : undefined,
  };
  requireSame(folder, run, scenario);
  return { scenario, notes: [] };
}

/**
 * run.json has every setting in force: also one that the server's version lacks, or about CUDA graphs where the profile knows
 * none. These are false there and must not be asked for.
 */
function settingsOf(
  { info: { policy_settings: settings = {} } }: Run,
  { cost }: Profile,
): Readonly<Record<string, unknown>> {
  const { vllm_version: version } = settings;
  const later = typeof version === "string" ? laterSettings(version) : new Map<string, string>();
  return Object.fromEntries(
    Object.entries(settings).filter(
      ([name, value]) =>
        value !== false || !(later.has(name) || (name === "enforce_eager" && cost.kind === "static_batch")),
    ),
  );
}

/** run.json names the kind of load beside what was asked for. */
function givenLoad({ info }: Run): object {
  return Object.fromEntries(Object.entries(info.load).filter(([key]) => key !== "kind"));
}

/** ConfigError where the run was made by something else: another profile, other prompts, another version. */
function requireSame(folder: string, run: Run, scenario: Scenario): void {
  const { table } = simulateOutcome(inputOf(scenario, { seed: scenario.seed, draw: null }));
  const isSame =
    table.rows === run.requests.length &&
    run.requests.every(
      ({ firstTokenNs, lastTokenNs }, row) =>
        (firstTokenNs === undefined || firstTokenNs === table.firstTokenNs[row]) &&
        (lastTokenNs === undefined || lastTokenNs === table.lastTokenNs[row]),
    );
  if (isSame) return;
  throw new ConfigError(
    `${folder}: simulated again, its requests do not have the same times; give the profile it was made with (--profile FILE) and its ` +
      "prompts (--prompts), or simulate it again with this version",
  );
}

function profileNamed(folder: string, name: unknown): Profile {
  if (typeof name !== "string") {
    throw new ConfigError(
      `${folder}/run.json does not name its profile, expected --profile FILE with the one that it was simulated on`,
    );
  }
  const found = profileNames()
    .map(loadProfile)
    .filter((profile) => profile.name === name);
  if (found.length === 1) return found[0]!;
  throw new ConfigError(
    `${folder}: ${found.length === 0 ? "no profile" : "more than one profile"} that ships is called "${name}", expected --profile FILE ` +
      "with the one that it was simulated on",
  );
}

function recorded(folder: string, run: Run, { profile: given, seed }: Options): RunScenario {
  const { info } = run;
  if (info.engine.name !== "vllm" || info.policy !== "vllm") {
    throw new ArtifactError(
      `${folder}: a recorded run of ${info.policy} on ${info.engine.name}, expected a simulated run, or a recording of a vLLM server`,
    );
  }
  if (given === undefined) {
    throw new ConfigError(`${folder} is a recorded run: give --profile, on which its requests are simulated`);
  }
  const profile = loadProfile(given);
  const { plan, workload } = replayInput(profile, withoutNetwork(run), { seed, jitter: true });
  const known = loadSchema.safeParse(givenLoad(run));
  const scenario: Scenario = {
    policy: { name: plan.name, settings: plan.settings },
    profile,
    load: known.success ? known.data : loadSchema.parse({}),
    content: { kind: "fixed", workload },
    seed,
    jitter: defaultJitter({ plan, profile }),
    engine: "fast",
    replicas: 1,
    router: "round-robin",
  };
  return {
    scenario,
    notes: [
      "a recording does not say where time went: its requests are simulated on the profile, and that is explained",
    ],
  };
}
