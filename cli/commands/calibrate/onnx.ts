/** servesim calibrate onnx: measures what a batch costs on this machine and writes a profile. */
import { z } from "zod";
import { FitRejected } from "../../../calibrate/fit/index.js";
import {
  calibrateOnnx,
  probeOom,
  rawPathOf,
  removeRaw,
  writeCalibration,
  writeMeasurements,
  type Calibration,
  type OomProbe,
} from "../../../calibrate/onnx/index.js";
import { whileFileLocked } from "../../../formats/files/index.js";
import {
  check,
  ConfigError,
  defined,
  experimentSchema,
  suggest,
  type CalibrationPlan,
} from "../../../formats/index.js";
import type { Command } from "../../command.js";
import { pngFlag, requireFree, writeChart } from "../../files/index.js";
import {
  count,
  declareFlags,
  fileName,
  flagContext,
  givenFlags,
  mebibytes,
  modelFlags,
  parseFlags,
  samplingFlags,
  toggle,
  type Flags,
} from "../../flags/index.js";
import { note, printJson, printProbe, printProfile, warn } from "../../printing/index.js";
import { Interrupted, interruptible, startProgress } from "../../process/index.js";

const planSchema = experimentSchema.shape.calibrate.unwrap();

const gridFlags = {
  batch_sizes: planSchema.shape.batch_sizes.describe("grid of batch sizes, e.g. 1,2,4,8"),
  prompt_tokens: planSchema.shape.prompt_tokens.describe("grid of prompt lengths, e.g. 8,32"),
  decode_steps: planSchema.shape.decode_steps.describe("grid of decode steps, e.g. 5,20"),
  repeats: planSchema.shape.repeats.describe("measurements of each shape"),
  max_repeats: planSchema.shape.max_repeats,
  steps: planSchema.shape.steps,
  budget_s: planSchema.shape.budget_s,
};
const planFlags = { ...modelFlags, ...samplingFlags, ...gridFlags };

const ownFlags = {
  output: fileName.default("profile.json").describe("profile to write; measurements and plot are written beside it"),
  resume: toggle.describe("continue an interrupted calibration"),
  force: toggle.describe("overwrite an existing profile"),
  accept_rejected: toggle.describe("write the profile even when it misses unseen batches; its notes say by how much"),
  threads: count(1024).optional().describe("threads of ONNX Runtime; default: all cores"),
  memory_limit_mib: mebibytes.optional().describe("memory that batches may use; default: what is free"),
  probe_oom: toggle.describe("also find the largest batch that runs; each attempt is a separate process"),
  seed: z.string().default("1").describe("seed for order, prompts and held-out shapes"),
  json: toggle.describe("print the profile as JSON"),
  png: pngFlag,
};
/** How long drawing the residuals takes, about. */
const PLOT_S = 1;

type Own = Flags<typeof ownFlags>;

export const command: Command = {
  flags: (yargs) => {
    const own = declareFlags(yargs.positional("engine", { type: "string", describe: "onnx" }), ownFlags);
    const withModel = declareFlags(declareFlags(own, modelFlags, "Model:"), samplingFlags, "Tokens:");
    return declareFlags(withModel, gridFlags, "What to measure:");
  },
  run: async (args) => {
    const engine = String(args.engine);
    if (engine !== "onnx") {
      throw new ConfigError(`calibrate: no engine "${engine}"${suggest(engine, ["onnx"])} (known: onnx)`);
    }
    const flags = parseFlags(ownFlags, args);
    const plan = check(planSchema, givenFlags(planFlags, args), flagContext);
    // One lock covers the measurements and the profile made of them.
    await whileFileLocked(rawPathOf(flags.output), () => calibrate(plan, flags));
  },
};

async function calibrate(plan: CalibrationPlan, flags: Own): Promise<void> {
  requireFree([flags.output], "--output", flags.force);
  const rawPath = rawPathOf(flags.output);
  const plotPath = `${flags.output.replace(/\.json$/, "")}.residuals.svg`;
  requireFree([plotPath], "--output", flags.force || flags.resume);
  if (!flags.resume && flags.force) removeRaw(rawPath);
  const calibration = await measure(plan, flags, rawPath);
  const { residualPicture } = await import("../../../report/charts/index.js");
  const { profile, rejection, residuals, warnings } = calibration;
  await writeChart(plotPath, residualPicture(residuals, `${profile.name}: modelled and measured batches`), flags.png);
  if (rejection.length > 0 && !flags.accept_rejected) {
    await writeMeasurements(calibration, flags.output);
    throw new FitRejected([
      `no profile was written: ${rejection[0]!}`,
      ...rejection.slice(1),
      `measurements are kept in ${rawPath}, plot in ${plotPath}; continue with --resume and a larger --max-repeats`,
    ]);
  }
  const probe = flags.probe_oom ? await probing(plan, profile, flags) : undefined;
  const finished = probe === undefined ? calibration : withProbe(calibration, probe);
  await writeCalibration(finished, flags.output);
  note(`profile written to ${flags.output}, raw measurements to ${rawPath}, plot to ${plotPath}`);
  if (flags.json) printJson(finished.profile);
  else printProfile(profile);
  if (probe !== undefined && !flags.json) printProbe(probe);
  if (rejection.length > 0) warn(`do not trust this profile: ${rejection.join("; ")}`);
  for (const warning of warnings.filter((one) => !rejection.includes(one))) warn(warning);
}

async function measure(plan: CalibrationPlan, flags: Own, rawPath: string): Promise<Calibration> {
  return interruptible(async (signal) => {
    const bar = startProgress(`calibrating ${plan.model} on ${plan.device}`);
    try {
      return await calibrateOnnx(plan, {
        seed: flags.seed,
        rawPath,
        resume: flags.resume,
        ...defined({ threads: flags.threads }),
        ...(flags.memory_limit_mib === undefined ? {} : { memoryLimitBytes: flags.memory_limit_mib * 2 ** 20 }),
        budgetSpentS: process.uptime() + PLOT_S,
        signal,
        onProgress: ({ done, total, label }) => {
          bar.update(done, total, label);
        },
      });
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new Interrupted(`measurements are kept in ${rawPath}; continue with the same command and --resume`);
    } finally {
      bar.stop();
    }
  });
}

async function probing(plan: CalibrationPlan, profile: Calibration["profile"], flags: Own): Promise<OomProbe> {
  return interruptible((signal) =>
    probeOom(plan, profile, {
      ...defined({ threads: flags.threads }),
      ...(flags.memory_limit_mib === undefined ? {} : { limitBytes: flags.memory_limit_mib * 2 ** 20 }),
      onTry: (rows) => {
        note(`trying a batch of ${rows} rows in a separate process`);
      },
      signal,
    }),
  );
}

/** What was found on the machine, in the profile's engine settings. */
function withProbe(calibration: Calibration, probe: OomProbe): Calibration {
  const { engine } = calibration.profile;
  const found = {
    prompt_tokens: probe.promptTokens,
    output_tokens: probe.outputTokens,
    limit_bytes: probe.limitBytes,
    predicted_rows: probe.predictedRows,
    fits_rows: probe.fits,
    ...defined({ fails_rows: probe.fails }),
  };
  const settings = { ...engine.settings, probe_oom: found };
  return { ...calibration, profile: { ...calibration.profile, engine: { ...engine, settings } } };
}
