/** servesim report: charts and pages, from the folder of an experiment or a sweep, an answer, or a CSV of the original suite. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readJson, readOriginalCsv, whileLocked } from "../../formats/files/index.js";
import { answerSchema, ArtifactError, check, ConfigError } from "../../formats/index.js";
import { experimentFolder, publish } from "../../jobs/experiment/index.js";
import { writeAnswerPage } from "../answers/index.js";
import type { Command } from "../command.js";
import { pngFlag, requireFree, writeChart } from "../files/index.js";
import { declareFlags, fileName, folderName, parseFlags, text, toggle } from "../flags/index.js";
import { note, print, printJson } from "../printing/index.js";
import { isSweep, reportSweep } from "./sweep-page.js";

const ownFlags = {
  csv: text.describe("CSV in the original suite's format, instead of a folder"),
  output: folderName.default("plots").describe("folder for the charts with --csv"),
  page: fileName.optional().describe("HTML file for the page of an answer; default: the answer's name with .html"),
  force: toggle.describe("overwrite existing charts of --csv, or the page of an answer"),
  png: pngFlag,
  json: toggle.describe("print the names of the files written, as JSON"),
};

export const command: Command = {
  flags: (yargs) =>
    declareFlags(
      yargs.positional("folder", {
        type: "string",
        describe:
          "folder of an experiment or a sweep, such as results/quickstart, or the file of an answer, such as answer.json",
      }),
      ownFlags,
    ),
  run: async (args) => {
    const { csv, output, page, force, png, json } = parseFlags(ownFlags, args);
    const folder = args.folder;
    if (csv === undefined && typeof folder === "string" && folder.endsWith(".json")) {
      const written = [await reportAnswer(folder, page, force)];
      if (json) printJson({ written });
      else print(written[0]!);
      return;
    }
    if (page !== undefined) throw new ConfigError(`--page ${page}: is for an answer (ANSWER.json), leave it out`);
    if ((csv === undefined) === (typeof folder !== "string")) {
      throw new ConfigError("report: give either the folder of an experiment or a sweep, or --csv FILE");
    }
    const written =
      csv === undefined ? await reportFolder(String(folder), png) : await reportCsv(csv, { output, force, png });
    if (json) printJson({ written });
    else for (const path of written) print(path);
  },
};

async function reportAnswer(file: string, page = file.replace(/\.json$/, ".html"), force: boolean): Promise<string> {
  const answer = check(answerSchema, readJson(file), { source: file, Failure: ArtifactError });
  requireFree([page], "--page", force);
  await writeAnswerPage(page, answer);
  return page;
}

async function reportFolder(path: string, png: boolean): Promise<string[]> {
  if (isSweep(path)) return reportSweep(path, png);
  const folder = experimentFolder(path);
  if (existsSync(path)) await whileLocked(path, () => publish(folder, { png }));
  else await publish(folder, { png });
  return [folder.report, folder.comparison, folder.csv];
}

interface CsvCharts {
  readonly output: string;
  readonly force: boolean;
  readonly png: boolean;
}

async function reportCsv(path: string, { output, force, png }: CsvCharts): Promise<string[]> {
  const { chartNames, chartRowsFromOriginal, chartRunsOf, renderAllCharts } =
    await import("../../report/charts/index.js");
  const fileOf = (name: string): string => join(output, `${name}.svg`);
  requireFree(chartNames.map(fileOf), "--output", force);
  const runs = chartRunsOf(chartRowsFromOriginal(await readOriginalCsv(path)));
  if (runs.length === 0) throw new ConfigError(`${path}: no row has status "ok", there is nothing to draw`);
  const { charts, skipped } = renderAllCharts(runs);
  for (const { name, reason } of skipped) note(`${name}: left out, ${reason}`);
  for (const [name, svg] of charts) await writeChart(fileOf(name), svg, png);
  return [...charts.keys()].map(fileOf);
}
