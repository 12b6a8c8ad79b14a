/** Runs a script's main and turns what it throws into one line and the project's exit codes. */
import { ArtifactError, BackendError, ConfigError } from "../../formats/index.js";

/** `main` returns the exit code; an error the user can fix exits 2, hardware or network 3, any other 70. */
export async function runScript(main: () => number | Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    const isUsers = error instanceof ConfigError || error instanceof ArtifactError;
    console.error(isUsers ? `error: ${error.message}` : error);
    if (isUsers) process.exitCode = 2;
    else process.exitCode = error instanceof BackendError ? 3 : 70;
  }
}
