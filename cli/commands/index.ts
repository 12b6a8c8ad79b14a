/** Every command, in the order of `--help`. The code of a command is loaded only when it runs. */
import type { Command } from "../command.js";

export interface CommandEntry {
  readonly name: string;
  /** The name with its positional words, as yargs takes them. */
  readonly usage: string;
  readonly describe: string;
  readonly load: () => Promise<{ readonly command: Command }>;
}

const table: readonly (readonly [usage: string, describe: string, load: CommandEntry["load"]])[] = [
  [
    "run <experiment>",
    "run an experiment file: calibrate, simulate, run for real, compare and report",
    () => import("./run.js"),
  ],
  [
    "calibrate <engine>",
    "make a profile: measure batches on this machine (onnx) or a running server (vllm)",
    () => import("./calibrate/index.js"),
  ],
  ["simulate", "simulate a policy under a load, with the costs of a profile", () => import("./simulate.js")],
  ["capacity", "find the highest load within latency goals, with its interval", () => import("./capacity.js")],
  ["whatif", "show what a change of load, settings, policy or hardware does", () => import("./whatif.js")],
  [
    "explain [run]",
    "show where the time of a run's latencies went, and what would change it",
    () => import("./explain.js"),
  ],
  [
    "verify <answer>",
    "check an answer of capacity, size, tune, whatif or explain with real loads",
    () => import("./verify/index.js"),
  ],
  ["headroom", "say how much more load a live vLLM server can take, from its metrics", () => import("./headroom.js")],
  ["size", "find the fewest replicas that serve a load or a trace within latency goals", () => import("./size.js")],
  [
    "tune",
    "find settings for a goal: least latency, most goodput, or most throughput within latency goals",
    () => import("./tune.js"),
  ],
  ["bench", "run a policy for real, on this machine or against a vLLM server", () => import("./bench/index.js")],
  [
    "sweep <action> <sweep>",
    "simulate every combination of settings, loads, profiles and seeds: plan, run, status, merge",
    () => import("./sweep.js"),
  ],
  [
    "compare <sim> <real..>",
    "compare a simulated run with real runs: agrees, differs or cannot tell",
    () => import("./compare/index.js"),
  ],
  [
    "validate <validation>",
    "check where simulated and real runs agree, over models, policies and loads",
    () => import("./validate.js"),
  ],
  [
    "report [folder]",
    "make the charts and page of an experiment, a sweep, an answer or a CSV of the original suite",
    () => import("./report.js"),
  ],
  [
    "page",
    "make a page that simulates in a browser: policies side by side, with a control for every knob",
    () => import("./page.js"),
  ],
  ["trace <action> <file>", "inspect, convert or slice a trace of requests", () => import("./trace/index.js")],
  ["replay", "simulate a recorded run of a vLLM server and compare it with the recording", () => import("./replay.js")],
  ["profiles <action> [profile]", "list the profiles that ship, or show one", () => import("./profiles.js")],
  [
    "import <form> <recording>",
    "convert another tool's recording (llmservingsim, vllm-bench) into a run folder",
    () => import("./import.js"),
  ],
  ["schema [name]", "print the JSON Schema of a file format", () => import("./schema.js")],
  ["setup <what>", "install what a device needs: setup cuda", () => import("./setup.js")],
  [
    "doctor",
    "check what this machine, or a vLLM server, can run and what is missing",
    () => import("./doctor/index.js"),
  ],
];

export const commands: readonly CommandEntry[] = table.map(([usage, describe, load]) => ({
  name: usage.split(" ")[0]!,
  usage,
  describe,
  load,
}));

export function commandNamed(word: string | undefined): CommandEntry | undefined {
  return commands.find(({ name }) => name === word);
}
