/** servesim as a process: its command line, and how the process ends. */
import { runCommandLine } from "./command-line.js";
import { catchTheUncaught, EXIT } from "./process/index.js";

/** Longest time that an interrupted command takes to end once it has said so. */
const LINGER_MS = 500;

/** Runs the command line that the process was started with. */
export async function runProgram(): Promise<void> {
  catchTheUncaught();
  const output = watchOutput();
  // What is left should nothing be waited for any more before the command has ended.
  process.exitCode = EXIT.bug;
  process.exitCode = await runCommandLine();
  output.whenLost((why) => {
    if (process.exitCode !== EXIT.ok) return;
    process.stderr.write(`error: cannot write to standard output: ${why}; what goes to files was written\n`);
    process.exitCode = EXIT.user;
  });
  // What is still open, such as a connection that does not answer, must not hold up a command that was told to stop.
  if (process.exitCode === EXIT.interrupted) setTimeout(() => process.exit(), LINGER_MS).unref();
}

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
