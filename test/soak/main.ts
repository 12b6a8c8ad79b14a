/**
 * A long bench against a server of our own on this machine: how much does the client grow? The first part, in which caches
 * fill and the heap finds its size, does not count; the end, at which the run is summed up and written, does.
 * --minutes 60 is the hour of docs/reliability.md.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startFakeVllm } from "../support/fake-vllm.js";
import { growthBytes, peakGrowthBytes, residentBytes, type MemoryReading } from "./memory-growth.js";

const MAX_GROWTH_MIB = 50;
/** Share of the run that does not count, and at most how long of it, s. */
const SETTLING = 0.25;
const MAX_SETTLING_S = 300;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "3" },
    rate: { type: "string", default: "50" },
    tokens: { type: "string", default: "16" },
  },
});
const [durationS, ratePerS] = [60 * Number(values.minutes), Number(values.rate)];
const requests = Math.round(durationS * ratePerS);
const folder = mkdtempSync(join(tmpdir(), "servesim-soak-"));
const server = await startFakeVllm({ script: () => ({ firstMs: 20, gapMs: 5 }) });
const load = ["--dataset-name", "random", "--random-input-len", "32", "--random-output-len", values.tokens];
const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const child = spawn(
  process.execPath,
  [
    ...[main, "bench", "--backend", "vllm", "--base-url", server.baseUrl, ...load, "--request-rate", String(ratePerS)],
    ...["--num-prompts", String(requests), "--output", join(folder, "run")],
  ],
  { stdio: ["ignore", "ignore", "inherit"] },
);
const over = new AbortController();
const ended = new Promise<number | null>((resolve) => {
  child.on("close", (code) => {
    over.abort();
    resolve(code);
  });
});
const readings: MemoryReading[] = [];
const startNs = process.hrtime.bigint();
const seconds = (): number => Number(process.hrtime.bigint() - startNs) / 1e9;
let sentS = NaN;
while (!over.signal.aborted) {
  const bytes = residentBytes(child.pid!);
  if (bytes !== undefined) readings.push({ atS: seconds(), bytes });
  if (Number.isNaN(sentS) && server.received.length >= requests) sentS = seconds();
  await sleep(Number.isNaN(sentS) ? 1_000 : 20);
}
const code = await ended;
await server.close();
rmSync(folder, { recursive: true });
const settledS = Math.min(MAX_SETTLING_S, SETTLING * durationS);
const mib = (bytes: number): number => bytes / 2 ** 20;
const sending = readings.filter(({ atS }) => atS <= sentS);
const grownMib = mib(growthBytes(sending, settledS));
const peakMib = mib(peakGrowthBytes(readings, settledS));
const perHour = (grownMib * (3600 - MAX_SETTLING_S)) / (sentS - settledS);
const isFine = code === 0 && Math.max(grownMib, peakMib) < MAX_GROWTH_MIB;
process.stdout.write(
  `soak: ${server.received.length} requests of ${values.tokens} tokens in ${sentS.toFixed(0)} s, exit code ${String(code)}; after the first ` +
    `${settledS.toFixed(0)} s grown by ${grownMib.toFixed(1)} MiB when the last was sent (at that pace ${perHour.toFixed(0)} MiB in an hour), ` +
    `by ${peakMib.toFixed(1)} MiB at most, its end included; ${MAX_GROWTH_MIB} allowed: ${isFine ? "ok" : "TOO MUCH"}\n`,
);
process.exitCode = isFine ? 0 : 1;
