/** servesim import: a recording in somebody else's form as a run folder, for calibrate vllm --from and replay. */
import { z } from "zod";
import { ConfigError, suggest, type Run } from "../formats/index.js";
import { readLlmServingSim, writeRun } from "../formats/files/index.js";
import { rejectUnmodelled } from "../sim/index.js";
import type { Command } from "./command.js";
import { requireRoom } from "./deliver-run.js";
import { declareFlags, parseFlags } from "./flags.js";
import { note } from "./output.js";

const readers: Readonly<Record<string, (folder: string) => Run>> = { llmservingsim: readLlmServingSim };

const ownFlags = {
  output: z.string().min(1, "expected a folder").describe("run folder to write"),
  num_gpu_blocks: z.int().min(2).optional().describe("KV blocks of the server, if the recording does not say"),
  force: z.boolean().default(false).describe("overwrite an existing run"),
};

export const importCommand: Command = {
  flags: (yargs) =>
    declareFlags(
      yargs
        .positional("form", { type: "string", describe: Object.keys(readers).join(", ") })
        .positional("folder", { type: "string", describe: "folder of the recording" }),
      ownFlags,
    ),
  run: async (args) => {
    const form = String(args.form);
    const known = Object.keys(readers);
    if (!Object.hasOwn(readers, form)) {
      throw new ConfigError(`import: no form "${form}"${suggest(form, known)} (known: ${known.join(", ")})`);
    }
    const { output, force, num_gpu_blocks: blocks } = parseFlags(ownFlags, args);
    requireRoom({ output, force });
    const recorded = readers[form]!(String(args.folder));
    rejectUnmodelled(recorded, String(args.folder));
    const run = withBlocks(recorded, blocks);
    await writeRun(output, run, { force });
    note(`${run.requests.length} requests written to ${output}`);
  },
};

/** ConfigError where neither the recording nor the user says how many blocks there were, or where both do. */
function withBlocks(run: Run, blocks: number | undefined): Run {
  const { engine } = run.info;
  const recorded = engine.settings.num_gpu_blocks;
  if (recorded !== undefined && blocks !== undefined) {
    throw new ConfigError(`--num-gpu-blocks: the recording has ${JSON.stringify(recorded)} blocks, leave it out`);
  }
  if (recorded === undefined && blocks === undefined) {
    throw new ConfigError(
      "import: the recording does not say how many KV blocks the server had, give --num-gpu-blocks",
    );
  }
  if (blocks === undefined) return run;
  return {
    ...run,
    info: { ...run.info, engine: { ...engine, settings: { ...engine.settings, num_gpu_blocks: blocks } } },
  };
}
