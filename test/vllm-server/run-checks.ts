/**
 * Runs checks against servers: each check names the server it wants, every server is started once, one at a time.
 * A check returns what it saw (one line) or throws; a failure does not stop the others.
 */
import type { VllmServer } from "./start-server.js";
import type { Variant } from "./variants.js";

export interface CheckContext {
  readonly server: VllmServer;
  /** A folder of this check's own, empty. */
  readonly folder: string;
  /** Shared by all checks: what one measures, a later one may use. */
  readonly shared: string;
  /** Runs servesim as a user would; throws with what it said when the exit code is not the expected one. */
  readonly servesim: (args: readonly string[], expectedCode?: number) => Promise<string>;
}

export interface Check {
  readonly name: string;
  readonly variant: Variant;
  readonly run: (context: CheckContext) => Promise<string>;
}

/** The check cannot be done here, for a reason that is no fault: reported, counted apart. */
export class Skip extends Error {
  override readonly name = "Skip";
}

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface Bench {
  start(variant: Variant): Promise<VllmServer>;
  contextOf(check: Check, server: VllmServer): CheckContext;
  say(line: string): void;
}

/** Prints `pass|FAIL|SKIP name: detail` for each check; servers are stopped whatever happens. */
export async function runChecks(checks: readonly Check[], bench: Bench): Promise<Tally> {
  const tally = { passed: 0, failed: 0, skipped: 0 };
  for (const variant of new Set(checks.map((check) => check.variant))) {
    const own = checks.filter((check) => check.variant === variant);
    let server: VllmServer;
    try {
      server = await bench.start(variant);
    } catch (error) {
      for (const { name } of own) bench.say(`FAIL ${name}: server "${variant.name}": ${messageOf(error)}`);
      tally.failed += own.length;
      continue;
    }
    bench.say(`server "${variant.name}": ${variant.model} at ${server.baseUrl}, process ${server.pid}`);
    try {
      for (const check of own) tally[await runOne(check, bench, server)]++;
    } finally {
      await server.stop();
    }
  }
  return tally;
}

async function runOne(check: Check, bench: Bench, server: VllmServer): Promise<keyof Tally> {
  try {
    bench.say(`pass ${check.name}: ${await check.run(bench.contextOf(check, server))}`);
    return "passed";
  } catch (error) {
    const isSkip = error instanceof Skip;
    bench.say(`${isSkip ? "SKIP" : "FAIL"} ${check.name}: ${messageOf(error)}`);
    return isSkip ? "skipped" : "failed";
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
