/** servesim as users meet it: dist/cli/main.js in a process of its own, in a folder that the test gives. */
import { spawn, type ChildProcess } from "node:child_process";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

export interface Ended {
  readonly code: number | null;
  /** What ended it, if a signal did. */
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const main = resolve("dist/cli/main.js");

/**
 * Runs to the end; models are cached in the folder. The command lines of a test file share a process, in which they run one
 * after another, since starting one for each takes longer than what most of them do. One has ended when nothing of it would
 * keep a process of its own alive. With `shell`, what the shell does before, as `ulimit -f 64`, it has a process of its own.
 */
export function servesimIn(folder: string, words: readonly string[], shell?: string): Promise<Ended> {
  return shell === undefined ? runShared(folder, words) : startServesimIn(folder, words, { shell }).ended;
}

/** As `servesimIn`, with variables of the environment that hold for this command line. */
export function runShared(
  folder: string,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<SharedEnded> {
  shared ??= new SharedProcess();
  return shared.run({ folder, env: { SERVESIM_CACHE: join(folder, "cache"), ...env }, words });
}

interface SharedEnded extends Ended {
  /** The most memory that the process ever had resident. */
  readonly peakMib: number;
}

interface CommandLine {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly words: readonly string[];
}

/** many-commands.mjs, which answers each line with what the command came to. */
class SharedProcess {
  readonly #child = spawn(process.execPath, [resolve("test/support/many-commands.mjs")], { env: plainEnvironment() });
  readonly #closed = new Promise((done) => this.#child.once("close", done));
  readonly #waiting: { done: (ended: SharedEnded) => void; fail: (error: Error) => void }[] = [];
  #said = "";

  constructor() {
    this.#child.stderr.on("data", (chunk: Buffer) => (this.#said += chunk.toString()));
    createInterface({ input: this.#child.stdout }).on("line", (line) => {
      this.#waiting.shift()!.done(JSON.parse(line) as SharedEnded);
    });
    this.#child.once("close", (code) => {
      shared = undefined;
      const error = new Error(`the process that runs the commands ended with ${code}: ${this.#said}`);
      for (const { fail } of this.#waiting) fail(error);
    });
  }

  run(line: CommandLine): Promise<SharedEnded> {
    return new Promise((done, fail) => {
      this.#waiting.push({ done, fail });
      this.#child.stdin.write(`${JSON.stringify(line)}\n`);
    });
  }

  async end(): Promise<void> {
    this.#child.stdin.end();
    await this.#closed;
  }
}

let shared: SharedProcess | undefined;
afterAll(() => shared?.end());

/** Without colours, and without what the developer's shell says to servesim. */
function plainEnvironment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    NO_COLOR: "1",
    FORCE_COLOR: undefined,
    SERVESIM_API_KEY: undefined,
    OPENAI_API_KEY: undefined,
  };
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
  const env = { ...plainEnvironment(), SERVESIM_CACHE: join(folder, "cache"), ...options.env };
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
