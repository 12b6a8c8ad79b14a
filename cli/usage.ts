/** Explains mistakes on the command line: which command, flag or value was probably meant. */
import yargs from "yargs";
import { suggest } from "../formats/index.js";
import { optionsOf } from "./command.js";
import { commandNamed, commands, type CommandEntry } from "./commands/index.js";
import { settingsNotModelled } from "./flags/index.js";

/** Other names for what exactly one command does. */
const synonyms: Readonly<Record<string, string>> = {
  ...{ diff: "compare", cmp: "compare" },
  ...{ plot: "report", chart: "report", charts: "report", draw: "report", graph: "report" },
  ...{ benchmark: "bench", loadtest: "bench", "load-test": "bench" },
  ...{ optimize: "tune", optimise: "tune", autotune: "tune" },
  ...{ autoscale: "size", why: "explain", grid: "sweep", experiment: "run" },
  ...{ diagnose: "doctor", health: "doctor", install: "setup", version: "--version" },
  // Actions that one command has.
  ...{ plan: "sweep plan", status: "sweep status", merge: "sweep merge" },
  ...{ inspect: "trace inspect", convert: "trace convert", slice: "trace slice" },
  ...{ list: "profiles list", show: "profiles show", onnx: "calibrate onnx" },
};

/** Letters from which a beginning is taken for a command. */
const LEAST_LETTERS = 3;

/** The error message for a first `word` that is no command. */
export function unknownCommand(word: string): string {
  return `unknown command "${word}"${meantBy(word.toLowerCase())}; see "servesim --help"`;
}

function meantBy(word: string): string {
  const names = commands.map(({ name }) => name);
  const begun = word.length < LEAST_LETTERS ? [] : names.filter((name) => name.startsWith(word));
  const meant = Object.hasOwn(synonyms, word) ? synonyms[word] : begun.length === 1 ? begun[0] : undefined;
  return meant === undefined ? suggest(word, names) : `, did you mean "${meant}"?`;
}

/** A `message` of yargs in servesim's words; "Unknown argument: batchsize" with the nearest flag, if one is near. */
export async function explainUsage(message: string): Promise<string> {
  const [, , asked = ""] = process.argv;
  const entry = commandNamed(asked);
  const bare = /^Not enough arguments following: (.*)$/.exec(message)?.[1];
  if (bare !== undefined) return `command line: --${bare}: got nothing, expected a value${dashHint(bare)}`;
  if (entry !== undefined && message.startsWith("Not enough non-option arguments: ")) {
    return `too few arguments, expected servesim ${entry.usage}; see "servesim ${entry.name} --help"`;
  }
  const unknown = /^Unknown arguments?: (.*)$/.exec(message)?.[1]?.split(", ")[0];
  if (unknown === undefined) return message.charAt(0).toLowerCase() + message.slice(1);
  const seeHelp = `see "servesim ${asked} --help"`;
  if (!process.argv.some((word) => new RegExp(`^--?(no-)?${escapeRegExp(unknown)}(=|$)`).test(word))) {
    return `unexpected argument "${unknown}"; ${seeHelp}`;
  }
  const owner = settingsNotModelled().get(unknown);
  if (owner !== undefined) return `--${unknown} is a setting of ${owner} that is not modelled, leave it out`;
  const dashes = unknown.length === 1 ? "-" : "--";
  return `unknown flag ${dashes}${unknown}${suggest(unknown, await flagsOf(entry))}; ${seeHelp}`;
}

/** For a value that looks like a flag itself. */
function dashHint(flag: string): string {
  const next = process.argv[process.argv.indexOf(`--${flag}`) + 1] ?? "";
  const isText = next.startsWith("-") && (flag === "serve-args" || /\s/.test(next));
  return isText ? `; one that begins with a dash is given as --${flag}="${next.slice(0, 12)}..."` : "";
}

function escapeRegExp(text: string): string {
  return text.replace(/[^\w-]/g, "\\$&");
}

async function flagsOf(entry: CommandEntry | undefined): Promise<string[]> {
  if (entry === undefined) return [];
  const { command } = await entry.load();
  const parser = yargs([]);
  return Object.keys(optionsOf((await command.flags?.(parser)) ?? parser).key);
}
