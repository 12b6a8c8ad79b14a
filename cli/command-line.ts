/** Parses the command line, runs its command, and turns every failure into one message and an exit code. */
import yargs, { type Argv } from "yargs";
import { packageVersion } from "../formats/files/index.js";
import { PARSING, type Command } from "./command.js";
import { EXIT, fail } from "./fail.js";

const commands: readonly (readonly [name: string, describe: string, load: () => Promise<Command>])[] = [
  [
    "run <experiment>",
    "run an experiment file: calibrate, simulate, run for real, compare and report",
    async () => (await import("./run.js")).runCommand,
  ],
  [
    "calibrate <engine>",
    "make a profile: measure batches on this machine (onnx) or a running server (vllm)",
    async () =>
      process.argv.slice(3).includes("vllm")
        ? (await import("./calibrate-vllm.js")).calibrateVllmCommand
        : (await import("./calibrate.js")).calibrateCommand,
  ],
  [
    "simulate",
    "simulate a policy under a load, with the costs of a profile",
    async () => (await import("./simulate.js")).simulateCommand,
  ],
  [
    "capacity",
    "find the highest load within latency goals, with its interval",
    async () => (await import("./capacity.js")).capacityCommand,
  ],
  [
    "whatif",
    "show what a change of load, settings, policy or hardware does",
    async () => (await import("./whatif.js")).whatifCommand,
  ],
  [
    "explain [run]",
    "show where the time of a run's latencies went, and what would change it",
    async () => (await import("./explain.js")).explainCommand,
  ],
  [
    "verify <answer>",
    "check an answer of capacity, size, tune, whatif or explain with real loads",
    async () => (await import("./verify.js")).verifyCommand,
  ],
  [
    "headroom",
    "say how much more load a live vLLM server can take, from its metrics",
    async () => (await import("./headroom.js")).headroomCommand,
  ],
  [
    "size",
    "find the fewest replicas that serve a load or a trace within latency goals",
    async () => (await import("./size.js")).sizeCommand,
  ],
  [
    "tune",
    "find settings for a goal: least latency, most goodput, or most throughput within latency goals",
    async () => (await import("./tune.js")).tuneCommand,
  ],
  [
    "bench",
    "run a policy for real, on this machine or against a vLLM server",
    async () => (await import("./bench.js")).benchCommand,
  ],
  [
    "sweep <action> <sweep>",
    "simulate every combination of settings, loads, profiles and seeds: plan, run, status, merge",
    async () => (await import("./sweep.js")).sweepCommand,
  ],
  [
    "compare <sim> <real..>",
    "compare a simulated run with real runs: agrees, differs or cannot tell",
    async () => (await import("./compare.js")).compareCommand,
  ],
  [
    "validate <validation>",
    "check where simulated and real runs agree, over models, policies and loads",
    async () => (await import("./validate.js")).validateCommand,
  ],
  [
    "report [folder]",
    "make the charts and page of an experiment, a sweep, an answer or a CSV of the original suite",
    async () => (await import("./report.js")).reportCommand,
  ],
  [
    "page",
    "make a page that simulates in a browser: policies side by side, with a control for every knob",
    async () => (await import("./page.js")).pageCommand,
  ],
  [
    "trace <action> <file>",
    "inspect, convert or slice a trace of requests",
    async () => (await import("./trace.js")).traceCommand,
  ],
  [
    "replay",
    "simulate a recorded run of a vLLM server and compare it with the recording",
    async () => (await import("./replay.js")).replayCommand,
  ],
  [
    "profiles <action> [profile]",
    "list the profiles that ship, or show one",
    async () => (await import("./profiles.js")).profilesCommand,
  ],
  [
    "import <form> <recording>",
    "convert another tool's recording (llmservingsim, vllm-bench) into a run folder",
    async () => (await import("./import.js")).importCommand,
  ],
  ["schema [name]", "print the JSON Schema of a file format", async () => (await import("./schema.js")).schemaCommand],
  ["setup <what>", "install what a device needs: setup cuda", async () => (await import("./setup.js")).setupCommand],
  [
    "doctor",
    "check what this machine, or a vLLM server, can run and what is missing",
    async () => (await import("./doctor.js")).doctorCommand,
  ],
];

/** The commands' names alone. */
export const commandNames: readonly string[] = commands.map(([name]) => firstWord(name));

/** Runs the command that process.argv names; returns the exit code. */
export async function runCommandLine(): Promise<number> {
  try {
    await runCommand(process.argv.slice(2));
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof Error && isUsage(error))) return fail(error);
    const { printable, shortWords } = await import("../formats/index.js");
    process.stderr.write(`error: ${shortWords(printable(await explainUsage(error.message)))}\n`);
    return EXIT.user;
  }
}

async function runCommand(words: readonly string[]): Promise<void> {
  const asked = words.includes("--help") ? undefined : commandOf(words[0]);
  if (asked === undefined) await requireCommand(words[0]);
  const parser = asked === undefined ? parserOfAll(words) : parserOf(asked, words.slice(1));
  await parser
    .parserConfiguration(PARSING)
    .strict()
    .help()
    .version(packageVersion())
    .wrap(Math.min(120, process.stdout.columns || 100))
    .fail((message: string | undefined, error: Error | undefined) => {
      if (error !== undefined && !isUsage(error)) throw error;
      throw new UsageError(message ?? error?.message ?? "");
    })
    .parseAsync();
}

/** A first word, unless it is a flag or "help", is a command. */
async function requireCommand(word: string | undefined): Promise<void> {
  if (word === undefined || word.startsWith("-") || word === "help" || commandNames.includes(word)) return;
  const { unknownCommand } = await import("./unknown-command.js");
  throw new UsageError(unknownCommand(word, commandNames));
}

/** For help, the version, and words that do not begin with a command. */
function parserOfAll(words: readonly string[]): Argv {
  let parser = yargs([...words])
    .detectLocale(false)
    .scriptName("servesim")
    .usage(
      "$0 <command>\n\nCompare LLM serving schedulers: calibrate on real hardware, simulate, run for real, see the difference.",
    )
    .demandCommand(1, 'no command given, see "servesim --help"');
  for (const command of commands) parser = withCommand(parser, command, command[0], words);
  return parser;
}

/** As a program of its own: before it runs one of several commands, yargs lays out that command's help. */
function parserOf(command: (typeof commands)[number], words: readonly string[]): Argv {
  const [name] = command;
  const parser = yargs([...words])
    .detectLocale(false)
    .scriptName(`servesim ${firstWord(name)}`);
  return withCommand(parser, command, name.replace(firstWord(name), "$0"), words);
}

function withCommand(
  parser: Argv,
  [, describe, load]: (typeof commands)[number],
  name: string,
  words: readonly string[],
): Argv {
  return parser.command(
    name,
    describe,
    async (y: Argv) => {
      const declared = (await (await load()).flags?.(y)) ?? y;
      rejectOddBooleans(words, declared);
      return declared;
    },
    async (args) => {
      (await import("./distinct-files.js")).requireDistinctFiles(args);
      await (await load()).run(args);
    },
  );
}

function commandOf(word: string | undefined): (typeof commands)[number] | undefined {
  return commands.find(([name]) => firstWord(name) === word);
}

function firstWord(text: string): string {
  return text.split(" ")[0]!;
}

class UsageError extends Error {}

/** A boolean flag with a value that is neither true nor false; yargs would take it for false. */
function rejectOddBooleans(words: readonly string[], declared: Argv): void {
  const { boolean } = optionsOf(declared);
  for (const word of words) {
    const [, name, value] = /^--([\w-]+)=(.*)$/.exec(word) ?? [];
    if (name === undefined || !boolean.includes(name.replace(/^no-/, "")) || /^(true|false)$/.test(value!)) continue;
    throw new UsageError(`command line: --${name}: got "${value!}", expected nothing, true or false`);
  }
}

/** What yargs knows of the flags declared so far; its types leave the method out. */
function optionsOf(parser: Argv): { readonly key: object; readonly boolean: readonly string[] } {
  return (parser as unknown as { getOptions(): { key: object; boolean: string[] } }).getOptions();
}

/** A mistake of the command line, found by us or by yargs, which has its own class for some. */
function isUsage(error: Error): boolean {
  return error instanceof UsageError || error.name === "YError";
}

/** "Unknown argument: batchsize" with the nearest flag of the command, if one is near. */
async function explainUsage(message: string): Promise<string> {
  const bare = /^Not enough arguments following: (.*)$/.exec(message)?.[1];
  if (bare !== undefined) return `command line: --${bare}: got nothing, expected a value${dashHint(bare)}`;
  const few = message.startsWith("Not enough non-option arguments: ") ? commandOf(process.argv[2]) : undefined;
  if (few !== undefined) {
    const [name] = few;
    return `too few arguments, expected servesim ${name}; see "servesim ${firstWord(name)} --help"`;
  }
  const unknown = /^Unknown arguments?: (.*)$/.exec(message)?.[1]?.split(", ")[0];
  if (unknown === undefined) return message.charAt(0).toLowerCase() + message.slice(1);
  const { suggest } = await import("../formats/index.js");
  if (!process.argv.some((word) => new RegExp(`^--?(no-)?${escapeRegExp(unknown)}(=|$)`).test(word))) {
    return `unexpected argument "${unknown}"; see "servesim ${process.argv[2] ?? ""} --help"`;
  }
  const { settingsNotModelled } = await import("./policy-flags.js");
  const owner = settingsNotModelled().get(unknown);
  if (owner !== undefined) return `--${unknown} is a setting of ${owner} that is not modelled, leave it out`;
  const known = await knownFlags();
  const dashes = unknown.length === 1 ? "-" : "--";
  return `unknown flag ${dashes}${unknown}${suggest(unknown, known)}; see "servesim ${process.argv[2] ?? ""} --help"`;
}

/** What was meant to be the value of a flag, and looks like a flag itself. */
function dashHint(flag: string): string {
  const next = process.argv[process.argv.indexOf(`--${flag}`) + 1] ?? "";
  const isText = next.startsWith("-") && (flag === "serve-args" || /\s/.test(next));
  return isText ? `; one that begins with a dash is given as --${flag}="${next.slice(0, 12)}..."` : "";
}

function escapeRegExp(text: string): string {
  return text.replace(/[^\w-]/g, "\\$&");
}

async function knownFlags(): Promise<string[]> {
  const found = commandOf(process.argv[2]);
  if (found === undefined) return [];
  const command = await found[2]();
  const parser = (await command.flags?.(yargs([]))) ?? yargs([]);
  return Object.keys(optionsOf(parser).key);
}
