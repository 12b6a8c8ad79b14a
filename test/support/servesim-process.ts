/** servesim as users meet it: dist/cli/main.js in a process of its own, in a folder that the test gives. */
import { spawn, type ChildProcess } from "node:child_process";
import { join, resolve } from "node:path";

export interface Ended {
  readonly code: number | null;
  /** What ended it, if a signal did. */
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const main = resolve("dist/cli/main.js");

/** Runs to the end; models are cached in the folder. `shell`: what the shell does before, as `ulimit -f 64`. */
export function servesimIn(folder: string, words: readonly string[], shell?: string): Promise<Ended> {
  return startServesimIn(folder, words, shell === undefined ? {} : { shell }).ended;
}

/** What each command line came to, all in one process: for those that end at once, such as mistakes. */
export async function eachServesimIn(folder: string, lines: readonly (readonly string[])[]): Promise<Ended[]> {
  const env = { ...process.env, SERVESIM_CACHE: join(folder, "cache"), NO_COLOR: "1", FORCE_COLOR: undefined };
  const child = spawn(process.execPath, [resolve("test/support/many-commands.mjs")], { cwd: folder, env });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin.end(lines.map((words) => `${JSON.stringify(words)}\n`).join(""));
  await new Promise((done) => child.once("close", done));
  const told = stdout.split("\n").slice(0, -1);
  if (told.length !== lines.length) throw new Error(`${told.length} of ${lines.length} commands ended: ${stderr}`);
  return told.map((line) => JSON.parse(line) as Ended);
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What it has said on stderr so far. */
  readonly said: () => string;
}

export interface StartOptions {
  /** What the shell does before. */
  readonly shell?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts it, to be watched or killed while it runs. */
export function startServesimIn(folder: string, words: readonly string[], options: StartOptions = {}): Started {
  const { shell } = options;
  const cache = { SERVESIM_CACHE: join(folder, "cache"), NO_COLOR: "1", FORCE_COLOR: undefined };
  const env = { ...process.env, ...cache, ...options.env };
  const command = [process.execPath, main, ...words];
  const [program, args] =
    shell === undefined ? [command[0]!, command.slice(1)] : ["/bin/sh", ["-c", `${shell}; exec "$0" "$@"`, ...command]];
  const child = spawn(program, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<Ended>((done, reject) => {
    child.on("error", reject).on("close", (code, signal) => {
      done({ code, signal, stdout, stderr });
    });
  });
  return { child, ended, said: () => stderr };
}

/** Signals once `isTime`, looked at every few milliseconds, unless the process ends before; rejects then. */
export async function signalWhen(
  { child, ended }: Started,
  signal: NodeJS.Signals,
  isTime: () => boolean,
): Promise<Ended> {
  let sent = 0;
  const look = setInterval(() => {
    if (sent === 0 && isTime() && child.kill(signal)) sent++;
  }, 3);
  const result = await ended;
  clearInterval(look);
  if (sent === 0) throw new Error(`it ended before it was signalled: ${JSON.stringify(result)}`);
  return result;
}
