/** How a command ends: exit codes by kind of error, one message to stderr. The only place that turns errors into exits. */
// eslint-disable-next-line import-x/no-internal-modules -- every command starts with this file; the index brings zod
import { printable, shortWords } from "../../formats/plain-text.js";

export const EXIT = { ok: 0, user: 2, backend: 3, threshold: 4, bug: 70, interrupted: 130 } as const;

/** A threshold that the user set was not met: exit code 4. */
export class ThresholdMissed extends Error {
  override readonly name = "ThresholdMissed";
}

/** Ctrl-C: what was finished is kept, exit code 130. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

const codes: Readonly<Record<string, number>> = {
  ConfigError: EXIT.user,
  ArtifactError: EXIT.user,
  BackendError: EXIT.backend,
  ThresholdMissed: EXIT.threshold,
  FitRejected: EXIT.threshold,
  InvariantError: EXIT.bug,
  Interrupted: EXIT.interrupted,
  RunInterrupted: EXIT.interrupted,
};

/** Prints the error as its kind deserves and returns the exit code. Bugs show their stack, users' mistakes do not. */
export function fail(error: unknown): number {
  const known = error instanceof Error ? codes[error.name] : undefined;
  if (error instanceof Error && known !== undefined && known !== EXIT.bug) {
    const label = known === EXIT.interrupted ? "interrupted" : "error";
    process.stderr.write(`${label}: ${shortWords(printable(error.message))}\n`);
    return known;
  }
  return failWithBug(error);
}

/** Says that it is our bug, with the stack. */
export function failWithBug(error: unknown): number {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(
    `error: this is a bug in servesim, please report it with the command you ran\n${printable(detail)}\n`,
  );
  return EXIT.bug;
}

const savers = new Set<() => void>();

/**
 * Registers `save`, to be called if the process has to end at once; it must not wait for anything. Returns a function
 * that undoes this.
 */
export function saveAtTheEnd(save: () => void): () => void {
  savers.add(save);
  return () => {
    savers.delete(save);
  };
}

/** Saves and ends the process. */
export function endNow(code: number): never {
  for (const save of savers) {
    try {
      save();
    } catch {
      // Whatever is wrong with one, the others are saved.
    }
  }
  process.exit(code);
}

/** From now on an exception or a rejection that nobody caught saves what there is, and exits 70. */
export function catchTheUncaught(): void {
  process.on("uncaughtException", (error: unknown) => {
    endNow(failWithBug(error));
  });
}
