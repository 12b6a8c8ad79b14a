/** Parses the command line, runs its command, and turns every failure into one message and an exit code. */
import yargs, { type Argv } from "yargs";
import { packageVersion } from "../formats/files/index.js";
import { optionsOf, PARSING } from "./command.js";
import { commandNamed, commands, type CommandEntry } from "./commands/index.js";
import { EXIT, fail } from "./process/index.js";

/** Runs the command that process.argv names; returns the exit code. */
export async function runCommandLine(): Promise<number> {
  try {
    await runCommand(process.argv.slice(2));
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof Error && isUsage(error))) return fail(error);
    const [{ printable, shortWords }, { explainUsage }] = await Promise.all([
      import("../formats/index.js"),
      import("./usage.js"),
    ]);
    process.stderr.write(`error: ${shortWords(printable(await explainUsage(error.message)))}\n`);
    return EXIT.user;
  }
}

async function runCommand(words: readonly string[]): Promise<void> {
  const asked = words.includes("--help") ? undefined : commandNamed(words[0]);
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
  if (word === undefined || word.startsWith("-") || word === "help" || commandNamed(word) !== undefined) return;
  const { unknownCommand } = await import("./usage.js");
  throw new UsageError(unknownCommand(word));
}

/** For help, the version, and words that do not begin with a command. */
function parserOfAll(words: readonly string[]): Argv {
  const parser = yargs([...words])
    .detectLocale(false)
    .scriptName("servesim")
    .usage(
      "$0 <command>\n\nCompare LLM serving schedulers: calibrate on real hardware, simulate, run for real, see the difference.",
    )
    .demandCommand(1, 'no command given, see "servesim --help"');
  return commands.reduce((all, entry) => withCommand(all, entry, entry.usage, words), parser);
}

/** One command as a program of its own: given several commands, yargs would lay out the help before it runs one. */
function parserOf(entry: CommandEntry, words: readonly string[]): Argv {
  const parser = yargs([...words])
    .detectLocale(false)
    .scriptName(`servesim ${entry.name}`);
  return withCommand(parser, entry, entry.usage.replace(entry.name, "$0"), words);
}

function withCommand(parser: Argv, { describe, load }: CommandEntry, usage: string, words: readonly string[]): Argv {
  return parser.command(
    usage,
    describe,
    async (y: Argv) => {
      const { command } = await load();
      const declared = (await command.flags?.(y)) ?? y;
      rejectOddBooleans(words, declared);
      return declared;
    },
    async (args) => {
      (await import("./distinct-files.js")).requireDistinctFiles(args);
      await (await load()).command.run(args);
    },
  );
}

/** A boolean flag with a value that is neither true nor false, which yargs would take for false. */
function rejectOddBooleans(words: readonly string[], declared: Argv): void {
  const { boolean } = optionsOf(declared);
  for (const word of words) {
    const [, name, value] = /^--([\w-]+)=(.*)$/.exec(word) ?? [];
    if (name === undefined || !boolean.includes(name.replace(/^no-/, "")) || /^(true|false)$/.test(value!)) continue;
    throw new UsageError(`command line: --${name}: got "${value!}", expected nothing, true or false`);
  }
}

class UsageError extends Error {}

/** A mistake on the command line, found here or by yargs, which has its own class for some. */
function isUsage(error: Error): boolean {
  return error instanceof UsageError || error.name === "YError";
}
