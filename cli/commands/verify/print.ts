/** Prints a verification: each load predicted beside measured, differences between two of them, and whether the answer was right. */
import {
  percent,
  signedPercent,
  type Verification,
  type VerifiedDifference,
  type VerifiedLoad,
} from "../../../formats/index.js";
import { figure, predicted, print, printTable, rangeText, warn } from "../../printing/index.js";

const expected: Readonly<Record<"safe" | "knee" | "no", string>> = {
  safe: "met",
  knee: "met on some days",
  no: "missed",
};

export function printVerification(found: Verification): void {
  const { loads, differences, verdict, tolerance, notes } = found;
  print(`checked: ${answerText(found)}`);
  for (const load of loads) {
    print(`${load.what}, ${load.requests} requests${outcomeText(load)}: ${load.verdict}`);
    printTable(
      ["", "predicted", "measured", "error", ""],
      load.statistics.map((one) => [
        one.statistic,
        predicted(one.predicted, one.interval),
        figure(one.measured),
        signedPercent(one.error),
        one.verdict,
      ]),
    );
  }
  if (differences !== undefined) printDifferences(differences);
  print(`statistics agree within ${percent(tolerance)}; in brackets the interval that holds 9 of 10 runs`);
  print(`the answer is ${verdict === "cannot tell" ? "neither confirmed nor refuted" : verdict}`);
  for (const note of notes) warn(note);
}

function answerText({ question, value, unit, interval, goal }: Verification): string {
  const within = goal === "" ? "" : question === "tune" ? `, ${goal}` : ` within ${goal}`;
  if (question === "whatif")
    return `a change of ${differenceText({ predicted: value ?? 0, interval })} ${unit}${within}`;
  return `${predicted(value, interval)} ${unit}${within}`;
}

function outcomeText({ predicted: promise, measured, worst }: VerifiedLoad): string {
  if (promise === null || worst === null) return "";
  const { name, value, limit } = worst;
  return `: expected ${expected[promise]}, was ${measured!} (${name} ${figure(value)}, limit ${figure(limit)})`;
}

function printDifferences(differences: NonNullable<Verification["differences"]>): void {
  print("after less before");
  printTable(
    ["", "the answer", "predicted", "measured", "error", ""],
    differences.map((one) => [
      one.statistic,
      one.promised ?? "",
      differenceText(one),
      figure(one.measured),
      signedPercent(one.error),
      one.verdict,
    ]),
  );
}

/** A hyphen between negative numbers would be hard to read. */
function differenceText({ predicted: value, interval }: Pick<VerifiedDifference, "predicted" | "interval">): string {
  if (interval === null || interval.low === interval.high) return figure(value);
  return `${figure(value)} (${rangeText([interval.low, interval.high])})`;
}
