/** servesim validate FILE: calibrate, simulate, run for real, and say in which cells the two agree. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  readText,
  readValidation,
  requireMarkedSection,
  writeMarkedSection,
  writeTextAtomic,
} from "../../formats/files/index.js";
import { ConfigError, signedPercent } from "../../formats/index.js";
import { accuracyPage, accuracySection, validate, type JudgedStatistic } from "../../jobs/validation/index.js";
import { LEVEL, tallyOf, tallyText, verdictText } from "../../report/compare/index.js";
import type { Command } from "../command.js";
import { declareFlags, folderName, parseFlags, text, toggle } from "../flags/index.js";
import { figure, print, printJson, printTable, rangeText } from "../printing/index.js";
import { reporter, stoppable, ThresholdMissed } from "../process/index.js";

/** Marks in docs/accuracy-data.md. */
const SECTION = "onnx-cpu";

const ownFlags = {
  results: folderName.default("results").describe("folder for experiments"),
  force: toggle.describe("calibrate and run everything again"),
  page: text.describe("page whose section onnx-cpu is replaced, e.g. docs/accuracy-data.md"),
  strict: toggle.describe("exit with 4 unless every statistic agrees"),
  json: toggle.describe("print every statistic as JSON"),
};

export const command: Command = {
  flags: (yargs) =>
    declareFlags(yargs.positional("validation", { type: "string", describe: "validation file, YAML" }), ownFlags),
  run: async (args) => {
    const { results, force, strict, json, page: into } = parseFlags(ownFlags, args);
    const path = String(args.validation);
    const validation = readValidation(path);
    // Before an hour of measuring.
    if (into !== undefined) requireMarkedSection(into, SECTION);
    const page = join(results, `${validation.name}-accuracy.md`);
    if (existsSync(page) && !readText(page).startsWith("# Accuracy: ")) {
      throw new ConfigError(`${page} exists already and is not a page of this command; move it away`);
    }
    const kept = `finished work is kept under ${results}; continue with the same command`;
    const result = await stoppable(kept, (signal, blocking) =>
      validate(validation, path, { results, force, signal, blocking, reporter }),
    );
    writeTextAtomic(page, accuracyPage(result, `servesim validate ${path}`));
    if (into !== undefined) writeMarkedSection(into, SECTION, accuracySection(result, `servesim validate ${path}`));
    const { statistics } = result;
    if (json) printJson(result);
    else {
      printStatistics(statistics);
      print(`${tallyText(tallyOf(statistics))} statistics, simulated at the pace before each real run; page: ${page}`);
    }
    const agreeing = tallyOf(statistics).agrees;
    if (strict && agreeing < statistics.length)
      throw new ThresholdMissed(`${agreeing} of ${statistics.length} statistics agree`);
  },
};

function printStatistics(statistics: readonly JudgedStatistic[]): void {
  printTable(
    [
      "model",
      "cell",
      "statistic",
      "simulated, ms",
      "real, ms",
      "error",
      `${100 * LEVEL} % interval`,
      "tolerance",
      "verdict",
    ],
    statistics.map(({ verdict, noise, more_repeats: moreRepeats, ...rest }) => [
      rest.model,
      rest.cell,
      `${rest.stat} ${rest.metric}`,
      figure(rest.sim),
      figure(rest.real),
      signedPercent(rest.error_fraction),
      rangeText(rest.interval_fraction, signedPercent),
      `${figure(100 * rest.tolerance_fraction, 2)} %`,
      verdictText({ verdict, noise, moreRepeats }),
    ]),
  );
}
