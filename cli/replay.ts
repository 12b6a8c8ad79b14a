/** servesim replay: a recorded run of a vLLM server simulated again on a profile, beside what was recorded. */
import { basename, resolve } from "node:path";
import { z } from "zod";
import {
  REPLICATIONS,
  replayMetrics,
  replayReport,
  replayStatistics,
  type ReplayReport,
} from "../experiment/replay-report.js";
import { runChartRows } from "../experiment/chart-rows.js";
import { readProfile, readRun, writeTextAtomic } from "../formats/files/index.js";
import { replayRecording, withoutNetwork } from "../sim/index.js";
import type { Command } from "./command.js";
import { declareFlags, parseFlags } from "./flags.js";
import { figure, print, printJson, printTable, signedPercent, warn } from "./output.js";

const ownFlags = {
  profile: z.string().describe("profile.json of the server's model and host"),
  recording: z.string().describe("folder of the recorded run: run.json and requests.csv[.gz]"),
  jitter: z.enum(["on", "off"]).default("on").describe("whether times vary as measured; off: each is its mean"),
  replications: z
    .int()
    .positive()
    .max(1000)
    .default(REPLICATIONS)
    .describe("simulations, each with other draws of the jitter"),
  seed: z.string().default("1").describe("seed of the jitter"),
  plot: z.string().min(1, "expected a file").optional().describe("SVG to draw both latency distributions to"),
  json: z.boolean().default(false).describe("print the comparison as JSON"),
};

export const replayCommand: Command = {
  flags: (yargs) => declareFlags(yargs, ownFlags),
  run: async (args) => {
    const { replications, seed, json, plot, ...flags } = parseFlags(ownFlags, args);
    const profile = readProfile(flags.profile);
    const recording = withoutNetwork(await readRun(flags.recording));
    const name = basename(resolve(flags.recording));
    const jitter = flags.jitter === "on";
    const report = replayReport(profile, recording, { name, seed, jitter, replications });
    if (plot !== undefined) {
      const { renderChart } = await import("../report/charts/index.js");
      const cell = { policy: "vllm", load: name };
      const simulated = replayRecording(profile, recording, { seed, jitter });
      const rows = [...runChartRows(recording, cell, 1), ...runChartRows(simulated, cell)];
      writeTextAtomic(plot, renderChart("latency_cdf", rows, { title: `${name} on ${profile.name}` }));
    }
    if (json) printJson(report);
    else printReport(report);
  },
};

function printReport(report: ReplayReport): void {
  const { recording, profile, requests, replications, jitter, metrics, preemptions, split, notes } = report;
  print(`${recording} on ${profile}: ${requests} requests, ${replications} simulated runs, jitter ${jitter}`);
  printTable(
    ["ms", "real", "simulated", "error", "nine in ten runs"],
    replayMetrics.flatMap((metric) =>
      replayStatistics.map((stat) => {
        const { real, sim, error, band } = metrics[`${stat}_${metric}_ms`];
        const percent = signedPercent(error === null ? null : 100 * error);
        return [
          `${metric} ${stat}`,
          figure(real),
          figure(sim),
          percent,
          band === null || replications === 1 ? "" : band.map((value) => figure(value)).join(" to "),
        ];
      }),
    ),
  );
  if (preemptions.real !== null) {
    print(`preemptions: ${preemptions.real} real, ${figure(preemptions.sim)} simulated`);
  }
  if (split !== null) {
    const parts = Object.entries(split).map(([name, { real, sim }]) => `${name} ${figure(sim - real)} ms`);
    print(`mean latency, simulated less real: ${parts.join(", ")}`);
  }
  for (const line of notes) warn(line);
}
