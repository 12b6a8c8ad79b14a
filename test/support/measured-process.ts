/** servesim in a process whose memory is measured, for attacks: whatever servers do to it one after another, it stays small. */
import { runShared } from "./servesim-process.js";

export interface Measured {
  readonly code: number | null;
  /** On both outputs. */
  readonly said: string;
  /** Of this command and those before it in the test file. */
  readonly peakMib: number;
}

/** An honest bench of some requests takes about 120 MiB. */
export const MAX_MIB = 600;

export async function measured(folder: string, words: readonly string[]): Promise<Measured> {
  const { code, stdout, stderr, peakMib } = await runShared(folder, words);
  return { code, said: stdout + stderr, peakMib };
}

/** Requests after one warm-up, one at a time, with short deadlines; the run goes to "out". */
export function attackedBench(baseUrl: string, requests: number, requestTimeoutS = 2): string[] {
  return [
    ...["bench", "--backend", "vllm", "--base-url", baseUrl, "--output", "out", "--metrics-interval", "0"],
    ...["--dataset-name", "random", "--random-input-len", "12", "--random-output-len", "4"],
    ...["--num-prompts", String(requests), "--max-concurrency", "1", "--vocab-size", "1000"],
    ...["--control-timeout", "0.5", "--stall-timeout", "0.5", "--request-timeout", String(requestTimeoutS)],
  ];
}
