/** Installs the pinned CPU build of vLLM into the cache, once: about 80 s and 2.4 GB. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CannotRun, type Cache, type Recipe } from "./recipe.js";

const PYTHON = "python3.11";

/** Makes environment and models where they are missing or of another recipe; CannotRun when that fails. */
export async function installVllm(cache: Cache, recipe: Recipe, say: (line: string) => void): Promise<void> {
  if (isReady(cache, recipe)) return;
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new CannotRun(`vLLM's CPU build is for linux x64, this is ${process.platform} ${process.arch}`);
  }
  mkdirSync(cache.root, { recursive: true });
  const release = lock(join(cache.root, "installing"));
  try {
    say(`installing vLLM for the CPU into ${cache.root} (about 80 s, 2.4 GB)`);
    rmSync(cache.marker, { force: true });
    rmSync(cache.venv, { recursive: true, force: true });
    await run(PYTHON, ["-m", "venv", cache.venv]);
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"];
    await run(cache.python, [...pip, "--only-binary", ":all:", "-r", recipe.requirements]);
    mkdirSync(cache.models, { recursive: true });
    await run(cache.python, [recipe.makeModels, cache.models]);
    writeFileSync(cache.marker, recipe.sha256);
  } finally {
    release();
  }
}

export function isReady(cache: Cache, recipe: Recipe): boolean {
  return existsSync(cache.marker) && readFileSync(cache.marker, "utf8").trim() === recipe.sha256;
}

/** One installer at a time; the file holds the process id, so that one left by a crash is seen to be stale. */
function lock(path: string): () => void {
  const holder = existsSync(path) ? Number(readFileSync(path, "utf8")) : undefined;
  if (holder !== undefined && isAlive(holder)) {
    throw new CannotRun(`process ${holder} is installing vLLM already (${path}); run again when it has ended`);
  }
  rmSync(path, { force: true });
  const file = openSync(path, "wx");
  writeFileSync(file, String(process.pid));
  closeSync(file);
  return () => {
    rmSync(path, { force: true });
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function run(command: string, options: readonly string[]): Promise<void> {
  const child = spawn(command, options, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-2000);
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("close", resolve).once("error", (error) => {
      reject(new CannotRun(`cannot start ${command}: ${error.message}`, { cause: error }));
    });
  });
  if (code === 0) return;
  const lines = said.trim().split("\n").slice(-4).join(" | ");
  throw new CannotRun(`${command} ${options.slice(0, 3).join(" ")} ended with ${code ?? "a signal"}: ${lines}`);
}
