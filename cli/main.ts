#!/usr/bin/env node
/** servesim's command line: finds the command, turns every failure into one message and an exit code. */
import yargs, { type Argv } from "yargs";
import type { Command } from "./command.js";
import { EXIT, fail } from "./fail.js";

const commands: readonly (readonly [name: string, describe: string, load: () => Promise<Command>])[] = [
  [
    "run <experiment>",
    "calibrate, simulate, run for real, compare and report an experiment file",
    async () => (await import("./run.js")).runCommand,
  ],
  [
    "calibrate <engine>",
    "measure what a batch costs on this machine: writes a profile",
    async () => (await import("./calibrate.js")).calibrateCommand,
  ],
  [
    "simulate",
    "run a policy on a profile, in virtual time",
    async () => (await import("./simulate.js")).simulateCommand,
  ],
  ["bench", "run a policy for real on this machine", async () => (await import("./bench.js")).benchCommand],
  [
    "compare <sim> <real..>",
    "how wrong a simulated run was, against real repeats",
    async () => (await import("./compare.js")).compareCommand,
  ],
  [
    "validate <validation>",
    "calibrate, simulate and run for real over models, policies and loads: where do they agree",
    async () => (await import("./validate.js")).validateCommand,
  ],
  [
    "report [folder]",
    "charts and report.html of an experiment, or of a CSV of the original suite",
    async () => (await import("./report.js")).reportCommand,
  ],
  [
    "trace <action> <file>",
    "inspect, convert or slice a trace of requests",
    async () => (await import("./trace.js")).traceCommand,
  ],
  ["schema [name]", "the JSON Schema of a file format", async () => (await import("./schema.js")).schemaCommand],
  ["doctor", "what this machine can run, and what is missing", async () => (await import("./doctor.js")).doctorCommand],
];

async function main(): Promise<void> {
  const words = process.argv.slice(2);
  let parser = yargs(words)
    .scriptName("servesim")
    .usage(
      "$0 <command>\n\nCompare LLM serving schedulers: calibrate on real hardware, simulate, run for real, see the difference.",
    )
    .parserConfiguration({ "duplicate-arguments-array": false, "camel-case-expansion": false, "parse-numbers": false })
    .strict()
    .demandCommand(1, 'no command given, see "servesim --help"')
    .recommendCommands()
    .help()
    .wrap(Math.min(120, process.stdout.columns || 100));
  for (const [name, describe, load] of commands) {
    parser = parser.command(
      name,
      describe,
      async (y: Argv) => (await load()).flags?.(y) ?? y,
      async (args) => {
        await (await load()).run(args);
      },
    );
  }
  const { packageVersion } = await import("../experiment/package-root.js");
  parser = parser.version(packageVersion());
  parser = parser.fail((message: string | undefined, error: Error | undefined) => {
    if (error !== undefined && !isUsage(error)) throw error;
    throw new UsageError(message ?? error?.message ?? "");
  });
  await parser.parseAsync();
}

class UsageError extends Error {}

/** A mistake of the command line, found by us or by yargs, which has its own class for some. */
function isUsage(error: Error): boolean {
  return error instanceof UsageError || error.name === "YError";
}

/** "Unknown argument: batchsize" with the nearest flag of the command, if one is near. */
async function explainUsage(message: string): Promise<string> {
  const unknown = /^Unknown arguments?: (.*)$/.exec(message)?.[1]?.split(", ")[0];
  if (unknown === undefined) return message.charAt(0).toLowerCase() + message.slice(1);
  const { suggest } = await import("../formats/index.js");
  if (!process.argv.some((word) => new RegExp(`^--?(no-)?${escapeRegExp(unknown)}(=|$)`).test(word))) {
    return `unexpected argument "${unknown}"; see "servesim ${process.argv[2] ?? ""} --help"`;
  }
  const known = await knownFlags();
  return `unknown flag --${unknown}${suggest(unknown, known)}; see "servesim ${process.argv[2] ?? ""} --help"`;
}

function escapeRegExp(text: string): string {
  return text.replace(/[^\w-]/g, "\\$&");
}

async function knownFlags(): Promise<string[]> {
  const found = commands.find(([name]) => name.split(" ")[0] === process.argv[2]);
  if (found === undefined) return [];
  const command = await found[2]();
  const parser = (await command.flags?.(yargs([]))) ?? yargs([]);
  return Object.keys((parser as unknown as { getOptions(): { key: object } }).getOptions().key);
}

try {
  await main();
} catch (error) {
  if (error instanceof Error && isUsage(error)) {
    process.stderr.write(`error: ${await explainUsage(error.message)}\n`);
    process.exitCode = EXIT.user;
  } else {
    process.exitCode = fail(error);
  }
}
