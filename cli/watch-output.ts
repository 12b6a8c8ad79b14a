/** What becomes of a process whose standard output is not read to its end or cannot be written. */

export interface OutputWatch {
  /** Calls back, now or later, when what was printed did not get where it should. */
  whenLost(tell: (why: string) => void): void;
}

/**
 * A reader that has seen enough (`| head`) or a terminal that is gone ends the printing, not the work: what goes to files is
 * still written. A full disk behind standard output does not end the work either, but the command has failed.
 */
export function watchOutput(): OutputWatch {
  let lost: string | undefined;
  let tell: ((why: string) => void) | undefined;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE" || error.code === "EIO" || lost !== undefined) return;
    lost = error.code === "ENOSPC" ? "the disk is full" : error.message;
    tell?.(lost);
  });
  // Where standard error fails, nothing is left to report to.
  process.stderr.on("error", () => undefined);
  return {
    whenLost: (then) => {
      tell = then;
      if (lost !== undefined) then(lost);
    },
  };
}
