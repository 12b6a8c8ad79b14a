/** Sessions on a real server: its answers' own tokens go into the next turns, and its cache finds what the simulator's does. */
import { join } from "node:path";
import type { RequestRecord } from "../../../formats/index.js";
import { readRun } from "../../../formats/files/index.js";
import type { SessionSummary } from "../../../sim/index.js";
import type { Check, CheckContext } from "../run-checks.js";
import { BLOCK_TOKENS, cached } from "../variants.js";

const turns = [
  ...["--dataset-name", "sessions", "--num-sessions", "8", "--sessions-turns", "5", "--sessions-turns-cv", "0.2"],
  ...["--sessions-input-len", "60", "--sessions-input-cv", "0.5"],
  ...["--sessions-output-len", "24", "--sessions-think", "0.2"],
];
/** What is cached depends on order alone: all begin alike and come one after the other, or only their own turns are alike. */
const loads = {
  "one at a time": ["--max-sessions", "1", "--sessions-system-len", "150"],
  "four at a time": ["--max-sessions", "4"],
};

export const sessions: Check = {
  name: "sessions find their turns cached, request by request as simulated",
  variant: cached,
  run: async (context) => {
    const seen: string[] = [];
    for (const [name, load] of Object.entries(loads)) seen.push(`${name} ${await compared(context, name, load)}`);
    return seen.join("; ");
  },
};

async function compared(
  { server, folder, servesim }: CheckContext,
  name: string,
  load: readonly string[],
): Promise<string> {
  const [real, sim] = [join(folder, `${name} real`), join(folder, `${name} sim`)];
  await servesim(["bench", "--backend", "vllm", "--base-url", server.baseUrl, ...turns, ...load, "--output", real]);
  await servesim([
    ...["simulate", "--policy", "vllm", "--profile", "h100-llama-3.1-8b-vllm-0.26", "--replications", "1"],
    ...["--enable-prefix-caching", "--block-size", String(BLOCK_TOKENS), "--max-model-len", "1024"],
    ...[...turns, ...load, "--output", sim],
  ]);
  const [measured, simulated] = await Promise.all([readRun(real), readRun(sim)]);
  const { count, completed, cached_share: share } = measured.info.sessions as SessionSummary;
  if (completed !== count) throw new Error(`${name}: ${completed} of ${count} sessions were answered whole`);
  for (const [at, one] of measured.requests.entries()) {
    const [got, expected] = [textOf(one), textOf(simulated.requests[at]!)];
    if (got !== expected) throw new Error(`${name}: the server has ${got}, the simulator ${expected}`);
  }
  return `${measured.requests.length} turns identical, ${(100 * share!).toFixed(1)} % of their prompts cached`;
}

function textOf({ requestId, promptTokens, cachedTokens, outputTokens }: RequestRecord): string {
  return `turn ${requestId} of ${promptTokens} and ${outputTokens} tokens, ${String(cachedTokens)} cached`;
}
