/**
 * A live black-box calibration's measuring half: what a server is, how fast about, probes and loads within a budget. Leaves
 * `probes`, `mixed`, `held-out` and `held-out-busy` as run folders of the recorded form. The server is not touched beyond requests to it.
 */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { probePlan, type ProbePlan } from "../../calibrate/vllm/index.js";
import { BackendError, ConfigError, type Run } from "../../formats/index.js";
import { readRun, writeRun } from "../../formats/files/index.js";
import { realClock } from "../../real/index.js";
import {
  addressOf,
  defaultLimits,
  INSECURE_NOTE,
  measureNetwork,
  measureVllm,
  shownUrl,
  type ServerRef,
} from "../../real/vllm/index.js";
import { startServerWatch, type ServerSettings, type SettingName } from "../../real/vllm/server/index.js";
import { findVocabulary, learnServer, tryPrefixCache, type PrefixCacheFinding } from "./learn-server.js";
import { mergeRuns } from "./merge-runs.js";
import { preparation } from "./preparation.js";
import { readPlanFile, rejectOtherServer, writePlanFile, type PlanFile } from "./plan-file.js";
import { groupsFolder, runPlan, type PlanRuns, type ProbeCommon } from "./run-plan.js";
import { timeServer } from "./time-server.js";

export interface MeasureServerInput {
  readonly baseUrl: ServerRef;
  readonly model?: string | undefined;
  /** Settings that the server does not tell, as the user states them. */
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

export interface MeasuredServer {
  readonly settings: ServerSettings;
  readonly probes: Run;
  readonly mixed: Run;
  readonly heldOut: Run;
  /** Kept out of the fit as well, near what the server can do. */
  readonly busy: Run;
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
  const { settings, server } = await early(learnServer(baseUrl, input.model, { stated: input.stated, signal }));
  const found = { model: settings.model.name, vllm: settings.version ?? null, settings: { ...settings.settings } };
  const before = input.resume ? readPlanFile(rawFolder) : undefined;
  if (before !== undefined) rejectOtherServer(rawFolder, before, found);
  else clearRawFolder(rawFolder);
  const vocab = before?.vocab ?? input.vocab ?? (await early(findVocabulary(baseUrl, settings.model.name, signal)));
  const seed = before?.seed ?? input.seed;
  const whole = before === undefined ? undefined : await readWhole(rawFolder);
  if (whole !== undefined) {
    const now = (run: Run): Run => asKnownNow(run, settings);
    return {
      settings,
      probes: now(whole.probes),
      mixed: now(whole.mixed),
      heldOut: now(whole.heldOut),
      busy: now(whole.busy),
      dropped: [],
      skipped: [],
      notes: notesIn(whole.probes),
    };
  }
  const network = await early(measureNetwork(baseUrl));
  const common = { ...commonInput(input, { settings, vocab, seed }), network, signal };
  const first = { ...common, signal: early.signal };
  await early(warmUp(first));
  const cache = await early(tryPrefixCache(first, Math.min(512, server.maxModelLen - 1)));
  const pace = before?.pace ?? (await early(timeServer(first, server)));
  const planned: PlanFile = before ?? { version: 1, ...found, vocab, budget_ms: input.budgetMs, seed, pace };
  const spentMs = (realClock.nowNs() - beganNs) / 1e6;
  const budgetMs = Math.max(1, planned.budget_ms - (before === undefined ? spentMs : 0));
  if (before === undefined) writePlanFile(rawFolder, { ...planned, budget_ms: budgetMs });
  const plan = probePlan(server, pace, { budgetMs, seed, pauseMs: PAUSE_MS });
  signal.throwIfAborted();
  const watch = await early(startServerWatch(baseUrl, { everyMs: 0, signal }));
  let runs: PlanRuns;
  try {
    runs = await runPlan({
      plan,
      server,
      pace,
      common,
      rawFolder,
      budgetMs,
      pauseMs: PAUSE_MS,
      acceptDisturbed: input.acceptDisturbed,
      signal,
      onProgress: input.onProgress,
    });
  } catch (error) {
    await watch.cancel();
    throw error;
  }
  const { counters, notes: viewNotes } = await watch.stop(beganNs);
  const probes = asKnownNow(mergeRuns(runs.probes), settings);
  const told = { runs, settings, cache, preemptions: counters.preemptions };
  const serverNotes = [...insecureNotes(baseUrl), ...serverNotesOf(told), ...viewNotes];
  const merged = { ...probes, info: { ...probes.info, server_notes: serverNotes } };
  const [mixed, heldOut, busy] = [runs.mixed, runs.heldOut, runs.busy].map((run) => asKnownNow(run, settings)) as [Run, Run, Run]; // prettier-ignore
  rejectFailures(merged, rawFolder);
  const promptTokens = merged.requests.reduce((sum, request) => sum + request.promptTokens, 0);
  rejectCached(counters.cached_tokens ?? 0, promptTokens, shownUrl(baseUrl));
  await writeRun(join(rawFolder, "probes"), merged, { force: true });
  rmSync(groupsFolder(rawFolder), { recursive: true, force: true });
  return {
    settings,
    probes: merged,
    mixed,
    heldOut,
    busy,
    dropped: plan.dropped,
    skipped: runs.skipped,
    notes: [...leftNotes(plan, runs), ...serverNotes],
  };
}

/** What a calibration leaves in its raw folder. */
const ownNames = ["plan.json", "groups", "probes", "mixed", "held-out", "held-out-busy"];

/** Removes an earlier calibration; ConfigError for a folder that holds anything else, which is somebody's. */
function clearRawFolder(rawFolder: string): void {
  if (!existsSync(rawFolder)) return;
  const others = readdirSync(rawFolder).filter((name) => !ownNames.includes(name) && !name.endsWith(".tmp"));
  if (others.length > 0) {
    throw new ConfigError(
      `${rawFolder} holds ${others.slice(0, 3).join(", ")}, which is not from a calibration of a server; choose another --output`,
    );
  }
  for (const name of ownNames) rmSync(join(rawFolder, name), { recursive: true, force: true });
}

/** What was found out about the server when it was measured. */
function notesIn({ info }: Run): readonly string[] {
  return Array.isArray(info.server_notes) ? info.server_notes.map(String) : [];
}

/** The runs of a calibration that was measured to its end. */
async function readWhole(
  rawFolder: string,
): Promise<Pick<MeasuredServer, "probes" | "mixed" | "heldOut" | "busy"> | undefined> {
  const read = (name: string): Promise<Run> => readRun(join(rawFolder, name));
  if (!existsSync(join(rawFolder, "probes", "run.json"))) return undefined;
  return {
    probes: await read("probes"),
    mixed: await read("mixed"),
    heldOut: await read("held-out"),
    busy: await read("held-out-busy"),
  };
}

function commonInput(
  { baseUrl, budgetMs, signal }: MeasureServerInput,
  { settings, vocab, seed }: { settings: ServerSettings; vocab: number; seed: string },
): ProbeCommon {
  return {
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
    // No single answer is worth more than the whole budget.
    limits: { stallMs: Math.min(defaultLimits.stallMs, budgetMs), requestMs: budgetMs },
    signal,
  };
}

/** A profile of a server that may be another says so, as every result made with it does. */
function insecureNotes(baseUrl: ServerRef): string[] {
  return addressOf(baseUrl).isInsecure ? [INSECURE_NOTE] : [];
}

/** What comes first on a server may compile, load or allocate. */
async function warmUp(common: ProbeCommon): Promise<void> {
  const requests = Array.from({ length: 4 }, (_, i) => ({ id: `warm-${i}`, promptTokens: 64, outputTokens: 8 }));
  const workload = { requests, maxConcurrency: 1, thinkNs: 0 };
  await measureVllm({ ...common, workload, load: { kind: "probes" }, warmUps: 2 });
}

/** The run with what is known of model and settings now: a part that was measured before may have been told less. */
function asKnownNow(run: Run, { model, settings }: ServerSettings): Run {
  const { engine } = run.info;
  return { ...run, info: { ...run.info, model: { ...model }, engine: { ...engine, settings: { ...engine.settings, ...settings } } } }; // prettier-ignore
}

function rejectFailures({ requests }: Run, rawFolder: string): void {
  const failed = requests.filter(({ status }) => status !== "ok");
  if (failed.length === 0) return;
  throw new BackendError(
    `${failed.length} of ${requests.length} probes failed, the first with: ${failed[0]!.error ?? "no reason"}; ` +
      `what was measured is in ${rawFolder}, see the server's log`,
  );
}

function rejectCached(cachedTokens: number, promptTokens: number, baseUrl: string): void {
  if (cachedTokens <= MAX_CACHED_FRACTION * promptTokens) return;
  throw new BackendError(
    `the server at ${baseUrl} found ${cachedTokens} of ${promptTokens} prompt tokens in its prefix cache, though prompts are random: ` +
      "someone else uses it, or --vocab-size is too small; start it with --no-enable-prefix-caching",
  );
}

function leftNotes({ dropped }: ProbePlan, { skipped }: PlanRuns): string[] {
  const left = [...dropped, ...skipped];
  return left.length > 0 ? [`left out for the budget: ${left.join("; ")}`] : [];
}

interface Noted {
  readonly runs: PlanRuns;
  readonly settings: ServerSettings;
  readonly cache: PrefixCacheFinding;
  readonly preemptions: number | undefined;
}

/** What is true of the server, and of how it was measured, in every result made with its profile. */
function serverNotesOf({ runs, settings, cache, preemptions }: Noted): string[] {
  const { unknown, leftOut } = settings;
  return [
    ...(unknown.length > 0 ? [`settings that the server does not report: ${unknown.join(", ")}`] : []),
    ...leftOut.map((what) => `the server uses ${what}, which is not modelled`),
    ...((cache.hitTokens ?? 0) > 0
      ? [
          `the server keeps prompts: ${cache.hitTokens!} of ${cache.promptTokens} tokens of a repeated one were cached; probes never repeat`,
        ]
      : []),
    ...((preemptions ?? 0) > 0
      ? [`${preemptions!} preemptions during the probes, so some times include a recomputation`]
      : []),
    ...runs.notes,
  ];
}
