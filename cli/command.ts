/** What a command file exports. Heavy modules load inside `flags` and `run`, so that --help stays quick. */
import type { Argv } from "yargs";

export type Args = Readonly<Record<string, unknown>>;

/**
 * How words are read: a flag given twice counts once, the last; names stay as typed; values stay text until zod reads
 * them.
 */
export const PARSING = {
  "duplicate-arguments-array": false,
  "camel-case-expansion": false,
  "parse-numbers": false,
} as const;

export interface Command {
  flags?(yargs: Argv): Argv | Promise<Argv>;
  run(args: Args): Promise<void> | void;
}

/** The same for a command with flags that may be repeated; lastGiven makes the other flags count once. */
export const REPEATABLE = { ...PARSING, "duplicate-arguments-array": true } as const;

/** Of a flag given twice the last counts, except for lists and flags that may be `repeated`. */
export function lastGiven(args: Args, repeated: readonly string[]): Args {
  return Object.fromEntries(
    Object.entries(args).map(([key, value]) => [
      key,
      Array.isArray(value) && !repeated.includes(key) && key !== "_" ? (value as readonly unknown[]).at(-1) : value,
    ]),
  );
}

/** What yargs knows of the flags declared so far; its types leave the method out. */
export function optionsOf(parser: Argv): { readonly key: object; readonly boolean: readonly string[] } {
  return (parser as unknown as { getOptions(): { key: object; boolean: string[] } }).getOptions();
}
