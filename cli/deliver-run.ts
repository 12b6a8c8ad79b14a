/** What simulate and bench do with a finished run: write its folder where asked, then print it. */
import { existsSync, mkdtempSync, rmdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { ConfigError, type Run } from "../formats/index.js";
import { refuseToReplace, writeRun } from "../formats/files/index.js";
import { Interrupted } from "./fail.js";
import { interruptible } from "./interrupt.js";
import { note } from "./output.js";
import { printRun } from "./print-run.js";
import type { Flags } from "./flags.js";

export const deliveryFlags = {
  output: z.string().min(1, "expected a folder").optional().describe("folder to write the run to"),
  force: z.boolean().default(false).describe("replace a run that is there"),
  json: z.boolean().default(false).describe("print one JSON object with vLLM bench's keys"),
};

/** Refuses before the work, not after it, a place that holds a run or that cannot be written to. */
export function requireRoom({ output, force }: Flags<typeof deliveryFlags>): void {
  if (output === undefined) return;
  refuseToReplace(output, { force });
  let place = resolve(output);
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place);
  const refuse = (why: string): never => {
    throw new ConfigError(`cannot write ${output}: ${why}; choose a folder you may write to`);
  };
  if (!statSync(place).isDirectory()) refuse("a part of the path is a file, not a folder");
  try {
    // Only making something says whether it can be made.
    rmdirSync(mkdtempSync(join(place, ".servesim-")));
  } catch (error) {
    refuse(`nothing can be made in ${place} (${(error as NodeJS.ErrnoException).code ?? String(error)})`);
  }
}

export async function deliverRun(run: Run, { output, force, json }: Flags<typeof deliveryFlags>): Promise<void> {
  if (output !== undefined) {
    // Ctrl-C waits for the files to be whole.
    await interruptible(async (signal) => {
      await writeRun(output, run, { force });
      // A signal is noticed between turns of the event loop only.
      await new Promise((resume) => setImmediate(resume));
      if (signal.aborted) throw new Interrupted(`the run is whole in ${output}`);
    });
    note(`run written to ${output}`);
  }
  printRun(run, json);
}
