/** servesim as a process: its command line, and how the process ends. */
import { runCommandLine } from "./command-line.js";
import { EXIT } from "./fail.js";
import { catchTheUncaught } from "./last-resort.js";
import { watchOutput } from "./watch-output.js";

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
