/**
 * Runs the cells of an experiment on a vLLM server: its own scheduling for the policy vllm, batches from the client for
 * the others, so that all policies have the same engine and GPU. Finished runs are kept, Ctrl-C loses only the one
 * under way.
 */
import type { Profile, VllmServer } from "../../../formats/index.js";
import {
  addressOf,
  benchBatches,
  benchVllm,
  kvUsage,
  rejectOtherEngine,
  unsafeRemarks,
  vocabularyFor,
  type ServerAccess,
  type VllmClientOptions,
} from "../../../real/vllm/index.js";
import { readServerSettings, type ServerSettings } from "../../../real/vllm/server/index.js";
import { describeLoad } from "../../../sim/index.js";
import { makeRuns, type RealTask } from "./make-runs.js";
import type { Reporter } from "../../inputs/index.js";

/** A server that has answered, and its settings. */
interface AskedServer {
  readonly client: VllmClientOptions;
  readonly settings: ServerSettings;
}

interface AskServerOptions {
  readonly profile: Profile;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
  readonly access?: ServerAccess | undefined;
}

/**
 * Asks the server before anything is written; undefined when nothing is left to measure. BackendError where it does not
 * answer, ConfigError where a cell states settings that it does not have. What differs from the profile is a warning.
 */
export async function askServer(
  vllm: VllmServer,
  tasks: readonly RealTask[],
  { profile, reporter, signal, access }: AskServerOptions,
): Promise<AskedServer | undefined> {
  if (tasks.length === 0) return undefined;
  const { model } = vllm;
  const baseUrl = addressOf(vllm.base_url, access);
  for (const remark of unsafeRemarks(baseUrl)) reporter.warn(remark);
  const settings = await readServerSettings(baseUrl, { model, signal });
  rejectOtherEngine(settings.engine, baseUrl, `the simulated cells are of vLLM, by profile "${profile.name}"`);
  for (const { cell } of tasks) {
    if (cell.plan.work === "step") await readServerSettings(baseUrl, { model, stated: cell.plan.settings, signal });
  }
  if (tasks.some(({ cell }) => cell.plan.work === "batch")) await kvUsage(baseUrl, { signal });
  const differing = differences(profile, settings);
  if (differing.length > 0) {
    reporter.warn(`the server has other settings than profile "${profile.name}": ${differing.join(", ")}`);
  }
  const workloads = tasks.map(({ workload }) => workload);
  const vocab =
    vllm.vocab_size ?? (await vocabularyFor({ baseUrl, endpoint: vllm.endpoint, server: settings, workloads, signal }));
  const { endpoint, ignore_eos: ignoreEos, temperature, top_k: topK, top_p: topP } = vllm;
  return {
    settings,
    client: {
      baseUrl,
      model: settings.model.name,
      endpoint,
      sampling: { ignoreEos, temperature, topK, topP },
      vocab,
      warmUps: vllm.num_warmups,
    },
  };
}

interface MeasureOnServerInput {
  readonly server: AskedServer;
  readonly seed: string;
  readonly signal: AbortSignal;
  readonly reporter: Reporter;
}

export async function measureOnServer(
  tasks: readonly RealTask[],
  { server: { client, settings }, seed, signal, reporter }: MeasureOnServerInput,
): Promise<void> {
  const title = "running on the server, requests";
  await makeRuns(tasks, { title, reporter }, ({ cell: { plan, load }, workload }, watched) =>
    watched((onProgress) => {
      const { settings: serverSettings, hardware } = settings;
      const described = { load: describeLoad(load), seed, date: new Date().toISOString() };
      const input = { ...client, workload, ...described, settings: serverSettings, hardware, signal, onProgress };
      if (plan.work === "batch") return benchBatches({ ...input, plan });
      return benchVllm({ ...input, policySettings: plan.settings });
    }),
  );
}

/** Settings that both report, with different values. */
function differences({ engine }: Profile, { settings }: ServerSettings): string[] {
  return Object.entries(settings).flatMap(([name, value]) => {
    const measured = engine.settings[name];
    const isSame = measured === undefined || JSON.stringify(measured) === JSON.stringify(value);
    return isSame ? [] : [`${name} ${JSON.stringify(value)} instead of ${JSON.stringify(measured)}`];
  });
}
