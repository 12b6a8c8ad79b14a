/** A validation as the Markdown page that docs/ keeps: what was run, every statistic, the batches. */
import { percent, signedPercent } from "../../formats/index.js";
import { LEVEL, tallyOf, tallyText, verdictText, type Verdict } from "../../report/compare/index.js";
import type { JudgedStatistic } from "./judge-cell.js";
import type { JudgedBatches, ValidationResult } from "./validate.js";

/** A page of its own. */
export function accuracyPage(result: ValidationResult, command: string): string {
  return `# Accuracy: ${result.name}\n\n${accuracySection(result, command)}`;
}

/** The same without a heading, to stand in another page. */
export function accuracySection(result: ValidationResult, command: string): string {
  const { statistics, batches } = result;
  return [
    introduction(result, command),
    "",
    ...verdictTable(statistics),
    "",
    "The pace beside a run, from reference batches before and after it, is known only when the run is over. A statistic that " +
      "agrees at that pace, but not at the pace before the run, was missed because the machine changed.",
    "",
    `Calibration, median error on shapes kept out of the fit: ${heldOutErrors(result)}.`,
    "",
    ...table(statisticColumns, statistics.map(statisticRow)),
    "",
    "Equal batches: how many batches from the start have the same size as those of the first real run, in the simulation and " +
      "in the second real run, which shows how far the machine agrees with itself. A request that comes at about the end of a " +
      "batch joins that batch or the next, and from there on two runs differ. Pace: the time of the reference batch, before and " +
      "after the real runs, over its time in the calibration.",
    "",
    ...table(batchColumns, batches.map(batchRow)),
    "",
  ].join("\n");
}

function introduction({ statistics, runs, machine }: ValidationResult, command: string): string {
  return (
    `Made by \`${command}\` on ${machine}. A statistic agrees when the ${100 * LEVEL} % interval of its error lies within the ` +
    'tolerance, and differs when it lies entirely outside and most of the real runs were not disturbed; otherwise the verdict is "cannot tell". ' +
    "Each real run is simulated at the pace that reference batches showed just before it: " +
    `**${tallyText(tallyOf(statistics))}**. ` +
    `${runs.disturbed} of ${runs.all} real runs were disturbed (other processes at work, or a client that lagged).`
  );
}

function heldOutErrors({ held_out: heldOut }: ValidationResult): string {
  return Object.entries(heldOut)
    .map(([model, error]) => `${model} ${error === null ? "not known" : percent(error, 1)}`)
    .join(", ");
}

/** How the verdicts depend on the pace that runs are simulated at. */
function verdictTable(statistics: readonly JudgedStatistic[]): string[] {
  return table(
    ["simulated at the pace", "agrees", "differs", "cannot tell"],
    [
      ["before each real run (a prediction)", ...counts(statistics, ({ verdict }) => verdict)],
      ["of the calibration (a prediction, blind)", ...counts(statistics, (of) => of.verdict_as_calibrated)],
      ["beside each real run (an explanation)", ...counts(statistics, (of) => of.verdict_beside)],
    ],
  );
}

const statisticColumns = [
  "model",
  "cell",
  "statistic",
  "simulated, ms",
  "real, ms",
  "error",
  `${100 * LEVEL} % interval`,
  "tolerance",
  "real repeats, ms",
  "verdict",
];

const batchColumns = [
  "model",
  "cell",
  "equal, simulated",
  "equal, second real",
  "batches, simulated",
  "real",
  "mean batch, simulated, ms",
  "real",
  "pace before",
  "pace after",
];

function counts(statistics: readonly JudgedStatistic[], of: (one: JudgedStatistic) => Verdict | null): string[] {
  const tally = tallyOf(statistics.map((one) => ({ verdict: of(one) })));
  return [tally.agrees, tally.differs, tally["cannot tell"]].map(String);
}

function batchRow(of: JudgedBatches): string[] {
  return [
    of.model,
    of.cell,
    String(of.equal_leading),
    String(of.repeat_equal_leading),
    String(of.sim_batches),
    String(of.real_batches),
    of.sim_service_ms.toFixed(1),
    of.real_service_ms.toFixed(1),
    of.pace === null ? "" : of.pace.before.toFixed(3),
    of.pace === null ? "" : of.pace.after.toFixed(3),
  ];
}

function statisticRow(of: JudgedStatistic): string[] {
  const { verdict, noise, more_repeats: moreRepeats } = of;
  const text = verdictText({ verdict, noise, moreRepeats });
  return [
    of.model,
    of.cell,
    `${of.stat} ${of.metric}`,
    of.sim.toFixed(1),
    of.real.toFixed(1),
    signedPercent(of.error_fraction),
    of.interval_fraction.map(signedPercent).join(" to "),
    percent(of.tolerance_fraction),
    of.spread.map((value) => value.toFixed(1)).join(" to "),
    verdict === "differs" ? `**${text}**` : text,
  ];
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)];
}
