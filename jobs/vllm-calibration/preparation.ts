/**
 * What a calibration does before its first probe: the signal ends it at once, even while the server does not answer,
 * and the budget limits it.
 */
import { BackendError } from "../../formats/index.js";

export interface Preparation {
  /** Waits for a step, for the signal, or for the end of the budget. */
  <T>(step: Promise<T>): Promise<T>;
  /** Aborts with whichever comes first. */
  readonly signal: AbortSignal;
}

export interface PreparationInput {
  /** Of the server, as it may be shown. */
  readonly url: string;
  readonly budgetMs: number;
  readonly signal: AbortSignal;
}

/** Rejects with the signal's reason, or with BackendError when the budget is over. */
export function preparation({ url, budgetMs, signal }: PreparationInput): Preparation {
  const both = AbortSignal.any([signal, AbortSignal.timeout(budgetMs)]);
  const wait = async <T>(step: Promise<T>): Promise<T> => {
    const abandoned = new Promise<never>((_, reject) => {
      const give = (): void => {
        reject(reasonOf(signal, url, budgetMs));
      };
      if (both.aborted) give();
      else both.addEventListener("abort", give);
    });
    step.catch(() => undefined);
    abandoned.catch(() => undefined);
    return Promise.race([step, abandoned]);
  };
  return Object.assign(wait, { signal: both });
}

function reasonOf(signal: AbortSignal, url: string, budgetMs: number): Error {
  if (signal.aborted) return signal.reason as Error;
  return new BackendError(
    `the server at ${url} took the whole budget of ${budgetMs / 1e3} s before the first probe; ` +
      "see whether it is healthy, or give a larger --budget",
  );
}
