/** A validation as the Markdown page that docs/ keeps: what was run, every statistic, the batches. */
import type { JudgedStatistic, ValidationResult } from "./validate.js";

export function accuracyPage(result: ValidationResult, command: string): string {
  const { statistics, tolerance, held_out } = result;
  const held = statistics.filter(({ holds }) => holds).length;
  const calibrations = Object.entries(held_out).map(
    ([model, error]) => `${model} ${error === null ? "not known" : `${(100 * error).toFixed(1)} %`}`,
  );
  return [
    `# Accuracy: ${result.name}`,
    "",
    `Made by \`${command}\`. A statistic holds when the simulated value is within ${100 * tolerance} % of the mean of the ` +
      `real repeats, or inside their spread: **${held} of ${statistics.length}** hold.`,
    "",
    `Calibration, median error on shapes kept out of the fit: ${calibrations.join(", ")}.`,
    "",
    ...table(
      ["model", "cell", "statistic", "simulated, ms", "real, ms", "error", "real repeats, ms", "holds"],
      statistics.map(statisticRow),
    ),
    "",
    "Batches: how many of the simulated batches, from the first on, have the size of the real run's (first repeat).",
    "",
    ...table(
      ["model", "cell", "equal from the start", "simulated", "real"],
      result.batches.map(({ model, cell, equal_leading, sim_batches, real_batches }) => [
        model,
        cell,
        String(equal_leading),
        String(sim_batches),
        String(real_batches),
      ]),
    ),
    "",
  ].join("\n");
}

function statisticRow(of: JudgedStatistic): string[] {
  const { model, cell, metric, stat, sim, real, error_fraction, spread, holds } = of;
  const percent = 100 * error_fraction;
  return [
    model,
    cell,
    `${stat} ${metric}`,
    sim.toFixed(1),
    real.toFixed(1),
    `${percent >= 0 ? "+" : ""}${percent.toFixed(1)} %`,
    spread === null ? "" : spread.map((value) => value.toFixed(1)).join(" to "),
    holds ? "yes" : "**no**",
  ];
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)];
}
