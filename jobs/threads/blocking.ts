/** Runs work that blocks the event loop for long, and with it the handling of signals. */
export type Blocking = <T>(work: () => T | Promise<T>) => Promise<T>;

/** For callers that handle no signals. */
export const asUsual: Blocking = (work) => Promise.resolve().then(work);
