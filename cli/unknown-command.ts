/** What is said of a word that is no command: the command that was probably meant, by another tool's name for it or by its spelling. */
import { suggest } from "../formats/index.js";

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

/** An error message for a `word` that is none of the `commands`. */
export function unknownCommand(word: string, commands: readonly string[]): string {
  const hint = meantBy(word.toLowerCase(), commands);
  return `unknown command "${word}"${hint}; see "servesim --help"`;
}

function meantBy(word: string, commands: readonly string[]): string {
  const begun = word.length < LEAST_LETTERS ? [] : commands.filter((command) => command.startsWith(word));
  const meant = Object.hasOwn(synonyms, word) ? synonyms[word] : begun.length === 1 ? begun[0] : undefined;
  return meant === undefined ? suggest(word, commands) : `, did you mean "${meant}"?`;
}
