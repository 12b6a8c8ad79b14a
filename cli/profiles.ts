/** servesim profiles list|show: the measured profiles that ship with servesim. */
import { z } from "zod";
import { profileNames, shippedProfile } from "../jobs/inputs/index.js";
import {
  ConfigError,
  HELD_OUT_GATE,
  suggest,
  trustOf,
  trustWarning,
  signedPercent,
  type Profile,
} from "../formats/index.js";
import { readProfile } from "../formats/files/index.js";
import type { Command } from "./command.js";
import { declareFlags, parseFlags } from "./flags.js";
import { figure, print, printJson, printTable, warn } from "./output.js";
import { printProfile } from "./print-profile.js";

const ownFlags = { json: z.boolean().default(false).describe("print JSON") };

export const profilesCommand: Command = {
  flags: (yargs) =>
    declareFlags(
      yargs
        .positional("action", { type: "string", describe: "list or show" })
        .positional("profile", { type: "string", describe: "show: which one" }),
      ownFlags,
    ),
  run: (args) => {
    const { json } = parseFlags(ownFlags, args);
    const action = String(args.action);
    const shipped = shippedProfiles();
    if (action === "list") list(shipped, json);
    else if (action === "show") show(find(shipped, args.profile), json);
    else throw new ConfigError(`profiles: got "${action}", expected list or show`);
  },
};

interface Shipped {
  readonly name: string;
  readonly path: string;
  readonly profile: Profile;
}

function shippedProfiles(): Shipped[] {
  return profileNames().map((name) => {
    const path = shippedProfile(name);
    return { name, path, profile: readProfile(path) };
  });
}

function find(shipped: readonly Shipped[], asked: unknown): Shipped {
  const names = shipped.map(({ name }) => name);
  const wanted = typeof asked === "string" ? asked : "";
  const found = shipped.find(({ name }) => name === wanted);
  if (found === undefined) {
    throw new ConfigError(`profiles show: got "${wanted}"${suggest(wanted, names)} (known: ${names.join(", ")})`);
  }
  return found;
}

function list(shipped: readonly Shipped[], json: boolean): void {
  if (json) {
    printJson(
      shipped.map(({ name, path, profile }) => {
        const { source, machine, model, engine } = profile;
        return { name, path, source, machine, model, engine, trust: trustOf(profile) };
      }),
    );
    return;
  }
  printTable(
    ["profile", "engine", "model", "machine", "held out, median error", "usable"],
    shipped.map(({ name, profile }) => [
      name,
      `${profile.engine.name} ${profile.engine.version}`,
      profile.model.name,
      profile.machine.gpu ?? profile.machine.cpu?.model ?? "unknown",
      heldOutOf(profile),
      trustText(profile),
    ]),
  );
  print(
    `usable: mean time per output token and mean latency of every load kept out of the fit were predicted within ` +
      `${100 * HELD_OUT_GATE} %, or for batches the median time`,
  );
  print("--profile NAME simulates with it; servesim profiles show NAME prints its costs and their origin");
}

/** `yes`, `no: +82.4 % (mean tpot of gpt2/poisson-medium-r3)`, or that nothing was kept out. */
function trustText(profile: Profile): string {
  const { state, worst } = trustOf(profile);
  if (state === "usable") return "yes";
  if (worst === undefined) return "not known";
  return `no: ${signedPercent(worst.errorFraction)} (${worst.what})`;
}

/** Of whole batches, or of the mean latencies of whole runs. */
function heldOutOf({ held_out, held_out_runs = [] }: Profile): string {
  if (held_out !== undefined) return `${figure(100 * held_out.batch.median_ape, 2)} % of a batch's time`;
  const errors = held_out_runs
    .flatMap(({ metrics }) => metrics.mean_e2el_ms?.error ?? [])
    .map(Math.abs)
    .sort((a, b) => a - b);
  if (errors.length === 0) return "not known";
  return `${figure(100 * errors[errors.length >> 1]!, 2)} % of a load's mean latency`;
}

function show({ path, profile }: Shipped, json: boolean): void {
  if (json) {
    printJson(profile);
    return;
  }
  printProfile(profile);
  const distrust = trustWarning(profile);
  if (distrust !== undefined) warn(distrust);
  print(`usable: ${trustText(profile)}`);
  for (const { recording, metrics } of profile.held_out_runs ?? []) {
    const errors = ["mean_ttft_ms", "mean_tpot_ms", "mean_e2el_ms"].map((key) => {
      const error = metrics[key]?.error;
      return `${key.replace("_ms", "").replace("_", " ")} ${error == null ? "-" : signedPercent(error)}`;
    });
    print(`kept out of the fit, ${recording}: ${errors.join(", ")}`);
  }
  for (const line of [...(profile.server_notes ?? []), ...(profile.notes ?? [])]) print(`note: ${line}`);
  if (profile.raw !== undefined) print(`measurements: ${profile.raw}, beside the profile`);
  print(path);
}
