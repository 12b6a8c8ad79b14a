/** What a command file exports. Heavy modules load inside `flags` and `run`, so that --help stays quick. */
import type { Argv } from "yargs";

export type Args = Readonly<Record<string, unknown>>;

/** How words are read: a flag given twice counts once, the last; names stay as typed; values stay text until zod reads them. */
export const PARSING = {
  "duplicate-arguments-array": false,
  "camel-case-expansion": false,
  "parse-numbers": false,
} as const;

export interface Command {
  flags?(yargs: Argv): Argv | Promise<Argv>;
  run(args: Args): Promise<void> | void;
}
