/** Loads of a verification against one running vLLM server, or against two with different settings. */
import { cpus } from "node:os";
import { ConfigError } from "../../../formats/index.js";
import type { Deployment } from "../../../jobs/answers/index.js";
import { planOf } from "../../../jobs/inputs/index.js";
import type { LoadToSend, Side } from "../../../jobs/verify/index.js";
import { cpuModel } from "../../../machine/index.js";
import { benchVllm, rejectOtherEngine, shownUrl, vocabularyFor, type ServerAddress } from "../../../real/vllm/index.js";
import { readServerSettings, type ServerSettings } from "../../../real/vllm/server/index.js";
import { describeLoad, machineOf } from "../../../sim/index.js";
import { differentSettings } from "../../answers/index.js";
import { serverAt } from "../../flags/index.js";
import type { LoadSender, VerifyFlags } from "./index.js";

interface Server {
  readonly baseUrl: ServerAddress;
  readonly settings: ServerSettings;
}

type Settings = Readonly<Record<string, unknown>>;

export async function vllmSender(loads: readonly LoadToSend[], flags: VerifyFlags): Promise<LoadSender> {
  const { base_url: url, after_url: afterUrl, model } = flags;
  if (url === undefined)
    throw new ConfigError("a vLLM server is verified at its --base-url, such as http://127.0.0.1:8000");
  for (const { deployment } of loads) requireServed(deployment);
  const before = await readServer(url, flags);
  const changed = changedSettings(loads);
  if (changed.length === 0 && afterUrl !== undefined)
    throw new ConfigError(`--after-url ${afterUrl}: both sides of the answer have the same settings, leave it out`);
  const after = afterUrl === undefined ? before : await readServer(afterUrl, flags);
  const kept =
    changed.length === 0 || afterUrl !== undefined ? loads : ofServer(loads, { server: before, url, changed, flags });
  const serverOf = ({ side }: LoadToSend): Server => (side === "after" ? after : before);
  return {
    loads: kept,
    notes: [
      ...new Set(kept.flatMap((load) => notesOf(load, serverOf(load)))),
      ...loads.filter((load) => !kept.includes(load)).map((load) => leftOut(load, changed, url)),
    ],
    send: async (at, { workload, load, seed }, { signal, onProgress }) => {
      const { baseUrl, settings } = serverOf(kept[at]!);
      const { endpoint } = flags;
      const asked = { baseUrl, endpoint, server: settings, workloads: [workload], signal };
      const vocab = flags.vocab_size ?? (await vocabularyFor(asked));
      return benchVllm({
        ...{ baseUrl, model, workload, seed, signal, onProgress },
        ...{ endpoint, warmUps: flags.num_warmups, vocab },
        load: describeLoad(load),
        date: new Date().toISOString(),
        settings: settings.settings,
        unmodelled: settings.unmodelled.map(({ seen }) => seen),
        policySettings: planOf(kept[at]!.deployment).settings,
        hardware: { ...settings.hardware, client: { cpu: { model: cpuModel(), cores: cpus().length } } },
      });
    },
    close: () => Promise.resolve(),
  };
}

async function readServer(url: string, flags: VerifyFlags): Promise<Server> {
  const baseUrl = serverAt(url, flags);
  const settings = await readServerSettings(baseUrl, { model: flags.model });
  rejectOtherEngine(settings.engine, baseUrl, "the answer is about vLLM's scheduler");
  return { baseUrl, settings };
}

function requireServed({ policy, profile }: Deployment): void {
  if (policy.name !== "vllm") {
    throw new ConfigError(
      `the answer is about ${policy.name}, a vLLM server schedules as vllm; verify it with --backend onnx`,
    );
  }
  if (profile.cost.kind !== "vllm_engine") {
    throw new ConfigError(`profile "${profile.name}" is of ONNX Runtime, verify the answer with --backend onnx`);
  }
}

function settingsOf(deployment: Deployment): Settings {
  const plan = planOf(deployment);
  return plan.work === "step" ? plan.create(machineOf(deployment.profile)).settings : {};
}

/** Names of what differs between the sides of an answer: settings, replicas and the profile. */
function changedSettings(loads: readonly LoadToSend[]): string[] {
  const [before, after] = (["before", "after"] as const).map((side) => loads.find((load) => load.side === side));
  if (before === undefined || after === undefined) return [];
  const [a, b] = [settingsOf(before.deployment), settingsOf(after.deployment)];
  const names = Object.keys({ ...before.deployment.policy.settings, ...after.deployment.policy.settings });
  return [
    ...names.filter((name) => JSON.stringify(a[name]) !== JSON.stringify(b[name])),
    ...(before.deployment.replicas === after.deployment.replicas ? [] : ["replicas"]),
    ...(before.deployment.profile.name === after.deployment.profile.name ? [] : ["profile"]),
  ];
}

interface OneServer {
  readonly server: Server;
  readonly url: string;
  readonly changed: readonly string[];
  readonly flags: VerifyFlags;
}

/** The loads of the side whose settings the server has: as --side says, otherwise as the server reports them. */
function ofServer(loads: readonly LoadToSend[], { server, url, changed, flags }: OneServer): LoadToSend[] {
  const reported: Settings = server.settings.settings;
  const known = changed.filter((name) => reported[name] !== undefined);
  const matches = (side: Side): boolean => {
    const asked = settingsOf(loads.find((load) => load.side === side)!.deployment);
    return known.every((name) => reported[name] === asked[name]);
  };
  const both = "give the server of the other side as --after-url to check both";
  if (flags.side === undefined && known.length === 0) {
    throw new ConfigError(
      `${url} does not report ${changed.join(", ")}, which the answer changes: say which side it is with --side before ` +
        `or --side after, or ${both}`,
    );
  }
  const found = flags.side ?? (["before", "after"] as const).find(matches);
  if (found !== undefined && matches(found)) return loads.filter(({ side }) => side === found);
  const [before, after] = (["before", "after"] as const).map((side) => {
    const asked = settingsOf(loads.find((load) => load.side === side)!.deployment);
    return textOf(asked, known);
  });
  throw new ConfigError(
    `${url} has ${textOf(reported, known)}; the answer is about ${before!} (before) and ${after!} (after): start the server ` +
      `with one of them`,
  );
}

function textOf(settings: Settings, names: readonly string[]): string {
  return names.map((name) => `${name} ${String(settings[name])}`).join(", ");
}

function leftOut({ what, deployment }: LoadToSend, changed: readonly string[], url: string): string {
  const settings = settingsOf(deployment);
  const values: Settings = { ...settings, replicas: deployment.replicas, profile: deployment.profile.name };
  return `${what}: not checked, ${url} does not run with ${textOf(values, changed)}; give such a server as --after-url, or restart it`;
}

function notesOf({ deployment }: LoadToSend, { baseUrl, settings }: Server): string[] {
  const { replicas } = deployment;
  return [
    ...differentSettings(settingsOf(deployment), settings.settings),
    ...(replicas > 1 ? [`the answer is about ${replicas} replicas, which must stand behind ${shownUrl(baseUrl)}`] : []),
  ];
}
