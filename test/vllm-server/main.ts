/**
 * npm run test:vllm: a real vLLM server on this machine's CPU, installed if needed, every check of checks/ against it.
 *   --recipe DIR  the folder with requirements-lock.txt and make_models.py (default ../shared/vllm-cpu)
 *   --only TEXT   checks whose name holds TEXT; may be given again
 *   --serve PORT  no checks: start the first server there until Ctrl-C
 * Last line: `vllm: P passed, F failed, S skipped`. Exit 1 when one failed; a machine that cannot run it skips, loudly.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { checks } from "./checks/index.js";
import { installVllm } from "./install.js";
import { CannotRun, cacheOf, readRecipe, type Cache } from "./recipe.js";
import { runChecks, type Tally } from "./run-checks.js";
import { servesim } from "./servesim.js";
import { startVllm } from "./start-server.js";
import { plain } from "./variants.js";

const { values } = parseArgs({
  options: { recipe: { type: "string" }, only: { type: "string", multiple: true }, serve: { type: "string" } },
});

function say(line: string): void {
  console.log(line);
}

async function main(): Promise<number> {
  const cache = cacheOf(process.env);
  try {
    await installVllm(cache, readRecipe(values.recipe ?? join("..", "shared", "vllm-cpu")), say);
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    say(`SKIPPED, NOTHING WAS CHECKED AGAINST A REAL vLLM SERVER: ${error.message}`);
    say(`vllm: 0 passed, 0 failed, ${checks.length} skipped`);
    return 0;
  }
  if (values.serve !== undefined) return await serve(cache, Number(values.serve));
  const chosen = checks.filter(({ name }) => (values.only ?? [""]).some((text) => name.includes(text)));
  if (chosen.length === 0) throw new Error(`no check has "${(values.only ?? []).join('" or "')}" in its name`);
  const { passed, failed, skipped } = await runAll(cache, chosen);
  say(`vllm: ${passed} passed, ${failed} failed, ${skipped} skipped`);
  return failed === 0 ? 0 : 1;
}

async function runAll(cache: Cache, chosen: typeof checks): Promise<Tally> {
  const work = mkdtempSync(join(tmpdir(), "servesim-vllm-"));
  try {
    return await runChecks(chosen, {
      say,
      start: (variant) => startVllm(cache, variant),
      contextOf: (check, server) => {
        const folder = join(work, check.name.replaceAll(/\W+/g, "-"));
        mkdirSync(folder);
        return { server, folder, shared: work, servesim };
      },
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function serve(cache: Cache, port: number): Promise<number> {
  const server = await startVllm(cache, plain, port);
  say(`${server.model} at ${server.baseUrl}, process ${server.pid}, log ${server.logPath}; Ctrl-C stops it`);
  await new Promise<void>((resolve) => process.once("SIGINT", resolve).once("SIGTERM", resolve));
  await server.stop();
  return 0;
}

// Ctrl-C while checking: leave through exit, where a running server is ended.
if (values.serve === undefined)
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
process.exitCode = await main();
