/**
 * The measurements of a live black-box calibration: what the server is, about how fast, probes and loads within a
 * budget. Leaves `probes`, `mixed`, `held-out` and `held-out-busy` as run folders of the recorded form. The server is
 * not touched beyond requests to it.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { probePlan, type Pace, type ProbePlan } from "../../calibrate/vllm/index.js";
import { BackendError, type Run } from "../../formats/index.js";
import { writeRun } from "../../formats/files/index.js";
import { realClock } from "../../real/index.js";
import {
  defaultLimits,
  findVocabulary,
  measureNetwork,
  measureVllm,
  shownUrl,
  type ServerRef,
} from "../../real/vllm/index.js";
import {
  startServerWatch,
  type ServerSettings,
  type ServerView,
  type SettingName,
} from "../../real/vllm/server/index.js";
import { learnServer, tryPrefixCache, type LearntServer, type PrefixCacheFinding } from "./learn-server.js";
import { mergeRuns } from "./merge-runs.js";
import { preparation, type Preparation } from "./preparation.js";
import {
  clearRawFolder,
  readPlanFile,
  readWhole,
  rejectOtherServer,
  writePlanFile,
  type MeasuredRuns,
  type PlanFile,
} from "./raw-folder.js";
import { groupsFolder, runPlan, type PlanRuns, type ProbeCommon } from "./run-plan.js";
import { insecureNotes, leftNotes, notesIn, serverNotesOf } from "./server-notes.js";
import { timeServer } from "./time-server.js";

export interface MeasureServerInput {
  readonly baseUrl: ServerRef;
  readonly model?: string | undefined;
  /** Settings that the server does not report, as the user states them. */
  readonly stated: Readonly<Partial<Record<SettingName, unknown>>>;
  /** Token ids below this are sent; absent: found by asking. */
  readonly vocab?: number | undefined;
  readonly budgetMs: number;
  readonly seed: string;
  readonly rawFolder: string;
  readonly resume: boolean;
  /** Loads that were disturbed twice are used anyway, and a note says so. */
  readonly acceptDisturbed: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number, label: string) => void;
}

export interface MeasuredServer extends MeasuredRuns {
  readonly settings: ServerSettings;
  /** Probe groups left out of the plan for its budget, and those for which the server was too slow. */
  readonly dropped: readonly string[];
  readonly skipped: readonly string[];
  /** What a reader of the calibration should know, a sentence each. */
  readonly notes: readonly string[];
}

/** Idle time between two groups. */
const PAUSE_MS = 50;
/** More of the probes' prompts than this in the prefix cache would make prefills look too short. */
const MAX_CACHED_FRACTION = 0.01;

/** BackendError where the server needs the whole budget before the first probe. */
export async function measureServer(input: MeasureServerInput): Promise<MeasuredServer> {
  const { baseUrl, rawFolder, signal } = input;
  const beganNs = realClock.nowNs();
  const early = preparation({ url: shownUrl(baseUrl), budgetMs: input.budgetMs, signal });
  const learnt = await early(learnServer(baseUrl, input.model, { stated: input.stated, signal }));
  const before = earlierPlan(input, learnt.settings);
  const whole = before === undefined ? undefined : await readWhole(rawFolder);
  if (whole !== undefined) {
    const { settings } = learnt;
    return { settings, ...asKnownNow(whole, settings), dropped: [], skipped: [], notes: notesIn(whole.probes) };
  }
  const prepared = await prepare(input, learnt, { before, early, beganNs });
  signal.throwIfAborted();
  const watch = await early(startServerWatch(baseUrl, { everyMs: 0, signal }));
  let runs: PlanRuns;
  try {
    runs = await runPlan({ ...input, ...prepared, server: learnt.server, pauseMs: PAUSE_MS });
  } catch (error) {
    await watch.cancel();
    throw error;
  }
  const view = await watch.stop(beganNs);
  return deliver(runs, input, learnt.settings, prepared, view);
}

/** What an earlier calibration began with, where this one resumes it; else its folder is cleared. */
function earlierPlan({ rawFolder, resume }: MeasureServerInput, settings: ServerSettings): PlanFile | undefined {
  const before = resume ? readPlanFile(rawFolder) : undefined;
  if (before === undefined) clearRawFolder(rawFolder);
  else rejectOtherServer(rawFolder, before, identityOf(settings));
  return before;
}

function identityOf({ model, version, settings }: ServerSettings): Pick<PlanFile, "model" | "vllm" | "settings"> {
  return { model: model.name, vllm: version ?? null, settings: { ...settings } };
}

interface Prepared {
  readonly common: ProbeCommon;
  readonly cache: PrefixCacheFinding;
  readonly pace: Pace;
  /** Left for probes and loads, ms. */
  readonly budgetMs: number;
  readonly plan: ProbePlan;
}

/** Warms the server up, finds out how fast it is, and plans the probes for what is left of the budget. */
async function prepare(
  input: MeasureServerInput,
  { settings, server }: LearntServer,
  {
    before,
    early,
    beganNs,
  }: { readonly before: PlanFile | undefined; readonly early: Preparation; readonly beganNs: number },
): Promise<Prepared> {
  const { baseUrl, signal } = input;
  const vocab = before?.vocab ?? input.vocab ?? (await early(findVocabulary(baseUrl, settings.model.name, signal)));
  const seed = before?.seed ?? input.seed;
  const network = await early(measureNetwork(baseUrl));
  // No single answer is worth more than the whole budget. Its end comes first, and is what is reported.
  const mostMs = input.budgetMs + 1000;
  const common: ProbeCommon = {
    baseUrl,
    model: settings.model.name,
    seed,
    vocab,
    date: new Date().toISOString(),
    settings: settings.settings,
    hardware: settings.hardware,
    sampling: { ignoreEos: true, temperature: 0 },
    warmUps: 0,
    isWarm: true,
    limits: { stallMs: Math.min(defaultLimits.stallMs, mostMs), requestMs: mostMs },
    network,
    signal,
  };
  const first = { ...common, signal: early.signal };
  await early(warmUp(first));
  const cache = await early(tryPrefixCache(first, Math.min(512, server.maxModelLen - 1)));
  const pace = before?.pace ?? (await early(timeServer(first, server)));
  const spentMs = (realClock.nowNs() - beganNs) / 1e6;
  const budgetMs = Math.max(1, before?.budget_ms ?? input.budgetMs - spentMs);
  if (before === undefined) {
    writePlanFile(input.rawFolder, {
      ...{ version: 1, ...identityOf(settings), vocab, budget_ms: budgetMs, seed, pace },
    });
  }
  return { common, cache, pace, budgetMs, plan: probePlan(server, pace, { budgetMs, seed, pauseMs: PAUSE_MS }) };
}

/**
 * The runs as the calibration takes them, the probes in one folder; BackendError where what was measured is of no use.
 */
async function deliver(
  runs: PlanRuns,
  { baseUrl, rawFolder }: MeasureServerInput,
  settings: ServerSettings,
  { plan, cache }: Prepared,
  { counters, notes }: ServerView,
): Promise<MeasuredServer> {
  const findings = { runs, settings, cache, preemptions: counters.preemptions };
  const serverNotes = [...insecureNotes(baseUrl), ...serverNotesOf(findings), ...notes];
  const { mixed, heldOut, busy } = runs;
  const merged = mergeRuns(runs.probes);
  const info = { ...merged.info, server_notes: serverNotes };
  const known = asKnownNow({ probes: { ...merged, info }, mixed, heldOut, busy }, settings);
  const { probes } = known;
  rejectFailures(probes, rawFolder);
  const promptTokens = probes.requests.reduce((sum, request) => sum + request.promptTokens, 0);
  rejectCached(counters.cached_tokens ?? 0, promptTokens, shownUrl(baseUrl));
  await writeRun(join(rawFolder, "probes"), probes, { force: true });
  rmSync(groupsFolder(rawFolder), { recursive: true, force: true });
  return {
    settings,
    ...known,
    dropped: plan.dropped,
    skipped: runs.skipped,
    notes: [...leftNotes(plan, runs), ...serverNotes],
  };
}

/** What comes first on a server may compile, load or allocate. */
async function warmUp(common: ProbeCommon): Promise<void> {
  const requests = Array.from({ length: 4 }, (_, i) => ({ id: `warm-${i}`, promptTokens: 64, outputTokens: 8 }));
  const workload = { requests, maxConcurrency: 1, thinkNs: 0 };
  await measureVllm({ ...common, workload, load: { kind: "probes" }, warmUps: 2 });
}

/** The runs with what is known of model and settings now: when a part of them was measured, less may have been known. */
function asKnownNow(runs: MeasuredRuns, { model, settings }: ServerSettings): MeasuredRuns {
  const known = ({ info, ...run }: Run): Run => {
    const engine = { ...info.engine, settings: { ...info.engine.settings, ...settings } };
    return { ...run, info: { ...info, model: { ...model }, engine } };
  };
  const { probes, mixed, heldOut, busy } = runs;
  return { probes: known(probes), mixed: known(mixed), heldOut: known(heldOut), busy: known(busy) };
}

function rejectFailures({ requests }: Run, rawFolder: string): void {
  const failed = requests.filter(({ status }) => status !== "ok");
  if (failed.length === 0) return;
  throw new BackendError(
    `${failed.length} of ${requests.length} probes failed, the first with: ${failed[0]!.error ?? "no reason"}; ` +
      `the measurements so far are in ${rawFolder}, see the server's log`,
  );
}

function rejectCached(cachedTokens: number, promptTokens: number, baseUrl: string): void {
  if (cachedTokens <= MAX_CACHED_FRACTION * promptTokens) return;
  throw new BackendError(
    `the server at ${baseUrl} found ${cachedTokens} of ${promptTokens} prompt tokens in its prefix cache, though prompts are random: ` +
      "someone else uses it, or --vocab-size is too small; start it with --no-enable-prefix-caching",
  );
}
