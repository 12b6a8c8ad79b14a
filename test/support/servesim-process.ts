/** servesim as users meet it: dist/cli/main.js in a process of its own, in a folder that the test gives. */
import { spawn } from "node:child_process";
import { join, resolve } from "node:path";

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const main = resolve("dist/cli/main.js");

/** Runs to the end; models are cached in the folder. `shell`: what the shell does before, as `ulimit -f 64`. */
export function servesimIn(folder: string, words: readonly string[], shell?: string): Promise<Ended> {
  const env = { ...process.env, SERVESIM_CACHE: join(folder, "cache"), NO_COLOR: "1", FORCE_COLOR: undefined };
  const command = [process.execPath, main, ...words];
  const [program, args] =
    shell === undefined ? [command[0]!, command.slice(1)] : ["/bin/sh", ["-c", `${shell}; exec "$0" "$@"`, ...command]];
  const child = spawn(program, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((done, reject) => {
    child.on("error", reject).on("close", (code) => {
      done({ code, stdout, stderr });
    });
  });
}
