/** Prints a verification: each load predicted beside measured, and whether the answer was right. */
import { signedPercent, type Verification } from "../formats/index.js";
import { figure, print, printTable, warn } from "./output.js";
import { predicted } from "./print-intervals.js";

const expected: Readonly<Record<"safe" | "knee" | "no", string>> = {
  safe: "met",
  knee: "met on some days",
  no: "missed",
};

export function printVerification(found: Verification): void {
  const { loads, value, unit, interval, goal, verdict, tolerance, notes } = found;
  print(`checked: ${predicted(value, interval ?? undefined)} ${unit} within ${goal}`);
  for (const { x, requests, predicted: promise, measured, worst, verdict: own, statistics } of loads) {
    print(
      `at ${figure(x)} ${unit}, ${requests} requests: expected ${expected[promise]}, was ${measured} ` +
        `(${worst.name} ${figure(worst.value)}, limit ${figure(worst.limit)}): ${own}`,
    );
    printTable(
      ["", "predicted", "measured", "error", ""],
      statistics.map((one) => [
        one.statistic,
        predicted(one.predicted, one.interval ?? undefined),
        figure(one.measured),
        signedPercent(one.error),
        one.verdict,
      ]),
    );
  }
  print(`statistics agree within ${100 * tolerance} %; in brackets the interval that holds 9 of 10 runs`);
  print(`the answer is ${verdict === "cannot tell" ? "neither confirmed nor refuted" : verdict}`);
  for (const note of notes) warn(note);
}
