/**
 * What a signal does, for every command. The first Ctrl-C (SIGINT), SIGTERM or SIGHUP asks the work to stop cleanly,
 * the second ends the process at once; what was to be kept is written before. While this thread computes, and would
 * hear of a signal only afterwards, signals have their usual effect: they end the process, and everything on disk is
 * whole.
 */
import { note } from "../printing/index.js";
import { endNow, EXIT } from "./exit.js";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs work that blocks the event loop for long; signals end the process meanwhile. */
export type Blocking = <T>(work: () => T | Promise<T>) => Promise<T>;

/** Runs `work` with a signal that SIGINT, SIGTERM and SIGHUP abort. */
export async function interruptible<T>(work: (signal: AbortSignal, blocking: Blocking) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const { signal } = controller;
  const stop = (): void => {
    if (signal.aborted) endNow(EXIT.interrupted);
    note("\nstopping; finished work is kept (Ctrl-C again stops at once)");
    controller.abort();
  };
  const listen = (): void => {
    for (const name of SIGNALS) process.on(name, stop);
  };
  const unlisten = (): void => {
    for (const name of SIGNALS) process.off(name, stop);
  };
  const blocking: Blocking = async (blocked) => {
    // A signal that came before is heard first.
    await turnOfTheLoop();
    signal.throwIfAborted();
    unlisten();
    try {
      return await blocked();
    } finally {
      listen();
    }
  };
  listen();
  try {
    return await work(signal, blocking);
  } finally {
    unlisten();
  }
}

/**
 * Signals are noticed between turns of the event loop only, when it looks for what has come. The first turn may have
 * looked already; the second looks after this was called.
 */
export async function turnOfTheLoop(): Promise<void> {
  for (let turns = 0; turns < 2; turns++) await new Promise((resume) => setImmediate(resume));
}
