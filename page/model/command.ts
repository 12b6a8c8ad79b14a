/** The command that simulates what the page shows of a policy: once, as the page does. */
import { flagName } from "../../formats/index.js";
import type { KnobValue } from "./knob.js";
import type { PageProfile } from "./page-data.js";
import { runOptions, type ComparedPolicy } from "./run-options.js";
import type { State } from "./state.js";

/** Its words, as a shell passes them. */
export function commandWords(page: PageProfile, state: State, policy: ComparedPolicy): readonly string[] {
  const { settings, load, seed, replicas } = runOptions(page, state, policy);
  const flags: Readonly<Record<string, KnobValue>> = {
    ...load,
    seed,
    ...settings,
    ...(replicas === undefined ? {} : { replicas }),
  };
  return [
    ...["simulate", "--policy", policy, "--profile", page.reference],
    ...Object.entries(flags).flatMap(([name, value]) => {
      const flag = `--${flagName(name)}`;
      return typeof value === "boolean" ? [value ? flag : flag.replace("--", "--no-")] : [flag, String(value)];
    }),
    ...["--replications", "1"],
  ];
}

/** For a POSIX shell. */
export function commandText(page: PageProfile, state: State, policy: ComparedPolicy): string {
  return ["servesim", ...commandWords(page, state, policy)].map(quoted).join(" ");
}

function quoted(word: string): string {
  return /^[\w./=:,+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
