/** What a command file exports. Heavy modules load inside `flags` and `run`, so that --help stays quick. */
import type { Argv } from "yargs";

export type Args = Readonly<Record<string, unknown>>;

export interface Command {
  flags?(yargs: Argv): Argv | Promise<Argv>;
  run(args: Args): Promise<void> | void;
}
