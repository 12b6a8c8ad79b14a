/** servesim in a process whose memory is measured, for attacks: whatever a server does, its client stays small. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export interface Measured {
  readonly code: number | null;
  /** On both outputs. */
  readonly said: string;
  readonly peakMib: number;
}

/** An honest bench of some requests takes about 120 MiB. */
export const MAX_MIB = 600;

const main = resolve("dist/cli/main.js");
const preload = resolve("test/support/peak-rss.cjs");

export async function measured(folder: string, words: readonly string[]): Promise<Measured> {
  const peak = join(folder, "peak");
  const env = { ...process.env, NO_COLOR: "1", PEAK_RSS_FILE: peak, NODE_OPTIONS: `--require ${preload}` };
  const child = spawn(process.execPath, [main, ...words], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stdout.on("data", (bytes: Buffer) => (said += bytes.toString()));
  child.stderr.on("data", (bytes: Buffer) => (said += bytes.toString()));
  const code = await new Promise<number | null>((done) => child.once("close", done));
  return { code, said, peakMib: Number(readFileSync(peak, "utf8")) / 1024 };
}

/** Requests after one warm-up, one at a time, with short deadlines; the run goes to "out". */
export function attackedBench(baseUrl: string, requests: number): string[] {
  return [
    ...["bench", "--backend", "vllm", "--base-url", baseUrl, "--output", "out", "--metrics-interval", "0"],
    ...["--dataset-name", "random", "--random-input-len", "12", "--random-output-len", "4"],
    ...["--num-prompts", String(requests), "--max-concurrency", "1"],
    ...["--control-timeout", "0.5", "--stall-timeout", "0.5", "--request-timeout", "2"],
  ];
}
