/** servesim replay: a recorded run of a vLLM server simulated again on a profile, beside what was recorded. */
import { basename, resolve } from "node:path";
import { z } from "zod";
import { readSteps } from "../../formats/files/index.js";
import { chartRun } from "../../jobs/experiment/index.js";
import { loadProfile } from "../../jobs/inputs/index.js";
import {
  replayMetrics,
  replayReport,
  replayStatistics,
  REPLICATIONS,
  type ReplayReport,
  type ReplayStatistic,
} from "../../jobs/replay/index.js";
import { replayRecording, withoutNetwork } from "../../sim/index.js";
import type { Command } from "../command.js";
import { chartFile, pngFlag, requireChartFree, writeChart } from "../files/index.js";
import { count, declareFlags, parseFlags, toggle } from "../flags/index.js";
import { errorText, figure, print, printCapacity, printJson, printTable, rangeText, warn } from "../printing/index.js";
import { readRunSaying } from "../runs/index.js";

const ownFlags = {
  profile: z.string().describe("profile of the server's model and host: a name (servesim profiles list) or a file"),
  recording: z.string().describe("folder of the recorded run: run.json and requests.csv[.gz]"),
  jitter: z.enum(["on", "off"]).default("on").describe("on: times vary as measured; off: every time is its mean"),
  replications: count(1000).default(REPLICATIONS).describe("number of simulations, each with different jitter"),
  seed: z.string().default("1").describe("seed for the jitter"),
  png: pngFlag,
  plot: chartFile.describe("SVG file for a chart of both latency distributions"),
  force: toggle.describe("overwrite an existing plot"),
  json: toggle.describe("print the comparison as JSON"),
};

export const command: Command = {
  flags: (yargs) => declareFlags(yargs, ownFlags),
  run: async (args) => {
    const { replications, seed, json, plot, png, force, ...flags } = parseFlags(ownFlags, args);
    requireChartFree(plot, "--plot", { png, force });
    const profile = loadProfile(flags.profile);
    const recording = withoutNetwork(await readRunSaying(flags.recording));
    const steps = await readSteps(flags.recording);
    const name = basename(resolve(flags.recording));
    const jitter = flags.jitter === "on";
    const report = replayReport(profile, recording, { name, seed, jitter, replications, steps });
    if (plot !== undefined) {
      const { renderChart } = await import("../../report/charts/index.js");
      const cell = { policy: "vllm", load: name };
      const simulated = replayRecording(profile, recording, { seed, jitter });
      const runs = [chartRun(recording, cell, 1), chartRun(simulated, cell)];
      await writeChart(plot, renderChart("latency_cdf", runs, { title: `${name} on ${profile.name}` }), png);
    }
    if (json) printJson(report);
    else printReport(report);
  },
};

function printReport(report: ReplayReport): void {
  const { recording, profile, requests, replications, jitter, metrics, preemptions, split, notes } = report;
  const { pace, pace_unknown: paceUnknown, metrics_at_pace: atPace } = report;
  print(`${recording} on ${profile}: ${requests} requests, ${replications} simulated runs, jitter ${jitter}`);
  const simulated = ({ sim, error, band }: ReplayStatistic): string[] => [
    figure(sim),
    errorText(error),
    replications === 1 ? "" : rangeText(band),
  ];
  printTable(
    ["ms", "real", "simulated", "error", "nine in ten runs", ...(atPace === null ? [] : ["at its pace", "error", "nine in ten"])], // prettier-ignore
    replayMetrics.flatMap((metric) =>
      replayStatistics.map((stat) => {
        const key = `${stat}_${metric}_ms` as const;
        const blind = metrics[key];
        return [
          `${metric} ${stat}`,
          figure(blind.real),
          ...simulated(blind),
          ...(atPace === null ? [] : simulated(atPace[key])),
        ];
      }),
    ),
  );
  if (pace.run === null) print(`pace of the host: unknown, ${paceUnknown}; no score at the run's pace`);
  else {
    const [run, usual] = [pace.run, pace.profile].map((value) => value.toFixed(3));
    print(`pace of the host: ${run} in this run, by its step log; ${usual} in the profile (longer times: larger)`);
  }
  printCapacity(report.capacity, "max_num_seqs");
  if (preemptions.real !== null) {
    print(`preemptions: ${preemptions.real} real, ${figure(preemptions.sim)} simulated`);
  }
  if (split !== null) {
    const parts = Object.entries(split).map(([name, { real, sim }]) => `${name} ${figure(sim - real)} ms`);
    print(`mean latency, simulated less real: ${parts.join(", ")}`);
  }
  for (const line of notes) warn(line);
}
