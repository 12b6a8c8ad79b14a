/** Runs a script's main and turns what it throws into one line and the project's exit codes. */
import { ArtifactError, ConfigError } from "../../formats/index.js";

/** `main` returns the exit code; an error the user can fix exits 2, any other 70 with its stack. */
export async function runScript(main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    const isUsers = error instanceof ConfigError || error instanceof ArtifactError;
    console.error(isUsers ? `error: ${error.message}` : error);
    process.exitCode = isUsers ? 2 : 70;
  }
}
