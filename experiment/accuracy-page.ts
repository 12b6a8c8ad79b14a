/** A validation as the Markdown page that docs/ keeps: what was run, every statistic, the batches. */
import type { JudgedStatistic, ValidationResult } from "./validate.js";

/** A page of its own. */
export function accuracyPage(result: ValidationResult, command: string): string {
  return `# Accuracy: ${result.name}\n\n${accuracySection(result, command)}`;
}

/** The same without a heading, to stand in another page. */
export function accuracySection(result: ValidationResult, command: string): string {
  const { statistics, tolerance, held_out, runs, machine } = result;
  const held = statistics.filter(({ holds }) => holds).length;
  const heldAsCalibrated = statistics.filter(({ holds_as_calibrated }) => holds_as_calibrated).length;
  const calibrations = Object.entries(held_out).map(
    ([model, error]) => `${model} ${error === null ? "not known" : `${(100 * error).toFixed(1)} %`}`,
  );
  return [
    `Made by \`${command}\` on ${machine}. A statistic holds when the simulated value is within ${100 * tolerance} % of the ` +
      `mean of the real repeats, or inside their spread: **${held} of ${statistics.length}** hold. Simulated is at the pace ` +
      "of the machine during the real runs, which a reference batch before and after each run tells; at the pace of the " +
      `calibration ${heldAsCalibrated} hold. ` +
      `${runs.disturbed} of ${runs.all} real runs were disturbed (other processes at work, or a client that lagged).`,
    "",
    `Calibration, median error on shapes kept out of the fit: ${calibrations.join(", ")}.`,
    "",
    ...table(
      ["model", "cell", "statistic", "simulated, ms", "real, ms", "error", "real repeats, ms", "holds"],
      statistics.map(statisticRow),
    ),
    "",
    "Batches: how many, from the first on, have the size of the first real run's: of the simulation, and of the second real " +
      "run, which says how far the machine agrees with itself. A request that comes about when a batch ends is in that batch " +
      "or the next, and from there on two runs differ. Pace: time of the reference batch over what it took in the calibration.",
    "",
    ...table(
      [
        "model",
        "cell",
        "equal, simulated",
        "equal, second real",
        "batches, simulated",
        "real",
        "mean batch, as calibrated, ms",
        "real",
        "machine's pace",
      ],
      result.batches.map((of) => [
        of.model,
        of.cell,
        String(of.equal_leading),
        String(of.repeat_equal_leading),
        String(of.sim_batches),
        String(of.real_batches),
        of.sim_service_ms.toFixed(1),
        of.real_service_ms.toFixed(1),
        of.pace === null ? "" : of.pace.toFixed(3),
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
