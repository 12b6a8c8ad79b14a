/** servesim profiles list|show: the measured profiles that ship with servesim, and any other from its file. */
import { readProfile } from "../../formats/files/index.js";
import { ConfigError, HELD_OUT_GATE, signedPercent, trustOf, trustWarning, type Profile } from "../../formats/index.js";
import { profileNames, profileReference, shippedProfile } from "../../jobs/inputs/index.js";
import type { Command } from "../command.js";
import { chartFile, drawChart, pngFlag, requireChartFree } from "../files/index.js";
import { declareFlags, parseFlags, toggle } from "../flags/index.js";
import { errorText, figure, print, printJson, printProfile, printTable, warn } from "../printing/index.js";

const ownFlags = {
  json: toggle.describe("print JSON"),
  chart: chartFile.describe(
    "show: SVG file for a chart of the fit, its errors and the memory model, beside what was measured",
  ),
  force: toggle.describe("show: overwrite an existing chart"),
  png: pngFlag,
};

export const command: Command = {
  flags: (yargs) =>
    declareFlags(
      yargs
        .positional("action", { type: "string", describe: "list or show" })
        .positional("profile", { type: "string", describe: "show: a name of the list, or a file" }),
      ownFlags,
    ),
  run: async (args) => {
    const { json, chart, png, force } = parseFlags(ownFlags, args);
    const action = String(args.action);
    if (action !== "list" && action !== "show") {
      throw new ConfigError(`profiles: got "${action}", expected list or show`);
    }
    if (chart === undefined && png) throw new ConfigError("--png writes the chart as PNG, too: give --chart with it");
    if (action === "list") {
      const name = args.profile;
      if (typeof name === "string")
        throw new ConfigError(`profiles list ${name}: lists all, use profiles show ${name}`);
      if (chart !== undefined) throw new ConfigError(`--chart ${chart}: draws one profile, use profiles show NAME`);
      list(shippedProfiles(), json);
      return;
    }
    const found = find(args.profile);
    requireChartFree(chart, "--chart", { png, force });
    show(found, json);
    if (chart !== undefined) await draw(chart, found, png);
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

/** By name, or by file. */
function find(asked: unknown): Shipped {
  if (typeof asked !== "string") throw new ConfigError("profiles show: give a name of profiles list, or a file");
  const name = profileReference(asked);
  const path = name === asked && profileNames().includes(name) ? shippedProfile(name) : name;
  return { name, path, profile: readProfile(path) };
}

async function draw(file: string, { path, profile }: Shipped, png: boolean): Promise<void> {
  const { profilePicture } = await import("../../report/charts/index.js");
  const { profileScene } = await import("../../jobs/profile-chart/index.js");
  await drawChart(file, profilePicture(await profileScene(path, profile)), png);
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
      return `${key.replace("_ms", "").replace("_", " ")} ${errorText(error)}`;
    });
    print(`kept out of the fit, ${recording}: ${errors.join(", ")}`);
  }
  for (const line of [...(profile.server_notes ?? []), ...(profile.notes ?? [])]) print(`note: ${line}`);
  if (profile.raw !== undefined) print(`measurements: ${profile.raw}, beside the profile`);
  print(path);
}
