/**
 * The four ways servesim fails, and the exit code of each. Library code throws; only cli/ prints and exits.
 * Messages say what failed, where, what was got, what was expected and what to do: lower-case start, no full stop.
 */

/** The user's options or files ask for something that cannot be done: exit code 2, no stack. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** A file that servesim reads is missing, truncated or of another form: exit code 2, no stack. */
export class ArtifactError extends Error {
  override readonly name = "ArtifactError";
}

/** Hardware, a runtime library or the network failed: exit code 3; `cause` holds the original error. */
export class BackendError extends Error {
  override readonly name = "BackendError";
}

/** servesim contradicts itself, a bug: exit code 70. Names time, event and request. */
export class InvariantError extends Error {
  override readonly name = "InvariantError";
}

/** What was thrown, in words. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
