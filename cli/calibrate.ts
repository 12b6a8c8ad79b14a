/** servesim calibrate onnx: measures what a batch costs on this machine and writes a profile. */
import { existsSync, rmSync } from "node:fs";
import { z } from "zod";
import { calibrateOnnx, planPathOf, rawPathOf, writeCalibration } from "../calibrate/onnx/index.js";
import { check, ConfigError, experimentSchema, suggest } from "../formats/index.js";
import type { Command } from "./command.js";
import { Interrupted } from "./fail.js";
import { declareFlags, flagContext, givenFlags, parseFlags } from "./flags.js";
import { interruptible } from "./interrupt.js";
import { note, printJson, warn } from "./output.js";
import { printProfile } from "./print-profile.js";
import { startProgress } from "./progress.js";

const planSchema = experimentSchema.shape.calibrate.unwrap();

const planFlags = {
  model: planSchema.shape.model.describe("preset: tiny, mini, gpt2, gpt2-medium, gpt2-large, gpt2-xl"),
  device: planSchema.shape.device.describe("where to measure"),
  batch_sizes: planSchema.shape.batch_sizes.describe("grid of batch sizes, e.g. 1,2,4,8"),
  prompt_tokens: planSchema.shape.prompt_tokens.describe("grid of prompt lengths, e.g. 8,32"),
  decode_steps: planSchema.shape.decode_steps.describe("grid of decode steps, e.g. 5,20"),
  repeats: planSchema.shape.repeats.describe("measurements of each shape"),
  max_repeats: planSchema.shape.max_repeats,
  budget_s: planSchema.shape.budget_s,
};

const ownFlags = {
  output: z.string().default("profile.json").describe("profile to write; raw measurements go beside it"),
  resume: z.boolean().default(false).describe("go on with a calibration that was interrupted"),
  force: z.boolean().default(false).describe("replace a profile that is there"),
  threads: z.int().positive().optional().describe("threads of ONNX Runtime; absent: the cores there are"),
  seed: z.string().default("1").describe("seed of order, prompts and what is held out"),
  json: z.boolean().default(false).describe("print the profile as JSON"),
};

export const calibrateCommand: Command = {
  flags: (yargs) =>
    declareFlags(
      declareFlags(yargs.positional("engine", { type: "string", describe: "onnx" }), ownFlags),
      planFlags,
      "What to measure:",
    ),
  run: async (args) => {
    const engine = String(args.engine);
    if (engine !== "onnx") {
      throw new ConfigError(`calibrate: no engine "${engine}"${suggest(engine, ["onnx"])} (known: onnx)`);
    }
    const flags = parseFlags(ownFlags, args);
    const plan = check(planSchema, givenFlags(planFlags, args), flagContext);
    if (existsSync(flags.output) && !flags.force) {
      throw new ConfigError(`${flags.output} is there already; choose another --output, or pass --force to replace it`);
    }
    const rawPath = rawPathOf(flags.output);
    if (!flags.resume && flags.force) for (const path of [rawPath, planPathOf(rawPath)]) rmSync(path, { force: true });
    const calibration = await interruptible(async (signal) => {
      const bar = startProgress(`calibrating ${plan.model} on ${plan.device}`);
      try {
        return await calibrateOnnx(plan, {
          seed: flags.seed,
          rawPath,
          resume: flags.resume,
          ...(flags.threads === undefined ? {} : { threads: flags.threads }),
          signal,
          onProgress: ({ done, total, label }) => {
            bar.update(done, total, label);
          },
        });
      } catch (error) {
        if (!signal.aborted) throw error;
        throw new Interrupted(`measurements are kept in ${rawPath}; go on with the same command and --resume`);
      } finally {
        bar.stop();
      }
    });
    await writeCalibration(calibration, flags.output);
    note(`profile written to ${flags.output}, raw measurements to ${rawPath}`);
    if (flags.json) printJson(calibration.profile);
    else printProfile(calibration.profile);
    for (const warning of calibration.warnings) warn(warning);
  },
};
