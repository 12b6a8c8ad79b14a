/** What simulate and bench do with a finished run: write its folder where asked, then print it. */
import { z } from "zod";
import type { Run } from "../formats/index.js";
import { refuseToReplace, writeRun } from "../formats/files/index.js";
import { note } from "./output.js";
import { printRun } from "./print-run.js";
import type { Flags } from "./flags.js";

export const deliveryFlags = {
  output: z.string().optional().describe("folder to write the run to"),
  force: z.boolean().default(false).describe("replace a run that is there"),
  json: z.boolean().default(false).describe("print one JSON object with vLLM bench's keys"),
};

/** Refuses before the work, not after it, when a run is in the place of the new one. */
export function requireRoom({ output, force }: Flags<typeof deliveryFlags>): void {
  if (output !== undefined) refuseToReplace(output, { force });
}

export async function deliverRun(run: Run, { output, force, json }: Flags<typeof deliveryFlags>): Promise<void> {
  if (output !== undefined) {
    await writeRun(output, run, { force });
    note(`run written to ${output}`);
  }
  printRun(run, json);
}
