/** A real vLLM server on loopback as a child process: started, waited for, stopped by its process id. */
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Cache } from "./recipe.js";
import type { Variant } from "./variants.js";

const READY_WITHIN_MS = 180_000;
const STOP_WITHIN_MS = 15_000;

export interface VllmServer {
  readonly baseUrl: string;
  readonly model: string;
  readonly pid: number;
  /** Where it sends spans, if it does. */
  readonly otlpPort: number | undefined;
  readonly logPath: string;
  /** Ends the process group that was started; returns when the process is gone. */
  stop(): Promise<void>;
}

/** Starts a variant and waits until /health answers; the error quotes the end of the server's log. */
export async function startVllm(cache: Cache, variant: Variant, port?: number): Promise<VllmServer> {
  const chosen = port ?? (await freePort());
  const otlpPort = variant.isTraced === true ? await freePort() : undefined;
  mkdirSync(cache.scratch, { recursive: true });
  const logPath = join(cache.root, `server-${variant.name}.log`);
  const log = openSync(logPath, "w");
  const child = spawn(cache.python, [...argumentsOf(cache, variant, chosen), ...tracingFlags(otlpPort)], {
    env: { ...process.env, ...environmentOf(cache) },
    stdio: ["ignore", log, log],
    cwd: cache.scratch,
    detached: true,
  });
  closeSync(log);
  const { pid } = child;
  if (pid === undefined) throw new Error(`cannot start ${cache.python}`);
  const killAtExit = (): void => {
    signalGroup(pid, "SIGKILL");
  };
  process.once("exit", killAtExit);
  const stop = async (): Promise<void> => {
    await end(child, pid);
    process.off("exit", killAtExit);
  };
  const baseUrl = `http://127.0.0.1:${chosen}`;
  try {
    await ready(baseUrl, child, logPath);
  } catch (error) {
    await stop();
    throw error;
  }
  return { baseUrl, model: variant.model, pid, otlpPort, logPath, stop };
}

function argumentsOf(cache: Cache, variant: Variant, port: number): string[] {
  const where = ["--host", "127.0.0.1", "--port", String(port)];
  const model = ["--model", join(cache.models, variant.model), "--served-model-name", variant.model];
  return ["-m", "vllm.entrypoints.openai.api_server", ...model, ...where, ...variant.flags];
}

function tracingFlags(port: number | undefined): string[] {
  return port === undefined ? [] : ["--otlp-traces-endpoint", `http://127.0.0.1:${port}/v1/traces`];
}

/** Offline, one process (two starve the client on two cores), and nothing written to the user's home. */
function environmentOf(cache: Cache): Record<string, string> {
  return {
    HF_HUB_OFFLINE: "1",
    TRANSFORMERS_OFFLINE: "1",
    VLLM_NO_USAGE_STATS: "1",
    DO_NOT_TRACK: "1",
    VLLM_CPU_KVCACHE_SPACE: "1",
    VLLM_ENABLE_V1_MULTIPROCESSING: "0",
    VLLM_SERVER_DEV_MODE: "1",
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "http/protobuf",
    // Spans leave in batches, every half second instead of every five.
    OTEL_BSP_SCHEDULE_DELAY: "500",
    OMP_NUM_THREADS: "1",
    HOME: cache.scratch,
    XDG_CACHE_HOME: cache.scratch,
  };
}

async function ready(baseUrl: string, child: ChildProcess, logPath: string): Promise<void> {
  for (let waitedMs = 0; waitedMs < READY_WITHIN_MS; waitedMs += 250) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`the server ended with ${child.exitCode ?? child.signalCode} while starting: ${tail(logPath)}`);
    }
    try {
      const response = await fetch(`${baseUrl}/health`, { signal: AbortSignal.timeout(2_000) });
      if (response.ok) return;
    } catch {
      // Not listening yet.
    }
    await sleep(250);
  }
  throw new Error(`the server was not ready within ${READY_WITHIN_MS / 1e3} s: ${tail(logPath)}`);
}

async function end(child: ChildProcess, pid: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  signalGroup(pid, "SIGTERM");
  const late = setTimeout(() => {
    signalGroup(pid, "SIGKILL");
  }, STOP_WITHIN_MS);
  await gone;
  clearTimeout(late);
  signalGroup(pid, "SIGKILL");
}

/** The group of a process that we started detached; one that is gone already is no error. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Gone already.
  }
}

function tail(path: string): string {
  return readFileSync(path, "utf8").trim().split("\n").slice(-6).join(" | ");
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
