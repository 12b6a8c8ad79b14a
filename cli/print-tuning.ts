/** Prints what is particular to tuned settings: the flags that change, what each setting does, and the front. */
import { percent, signedPercent, type Answer, type AnswerTuning } from "../formats/index.js";
import { figure, print, printTable } from "./output.js";
import { predicted } from "./print-intervals.js";

export function printTuning({ value, unit, interval, question }: Answer, tuning: AnswerTuning): void {
  const { base, command, sensitivity, front, tried } = tuning;
  print(`${question.goal}: ${predicted(value, interval ?? undefined)} ${unit}`);
  const more = base.difference === null ? "" : `, ${rangeText(base.difference)}`;
  print(`as they are: ${figure(base.value)} ${unit}${more}; ${tried} combinations were tried`);
  print(Object.keys(tuning.changes).length === 0 ? "no flag is worth changing" : command);
  printSensitivity(sensitivity);
  if (front.length > 1) printFront(front, unit);
}

function rangeText({ value, low, high }: NonNullable<AnswerTuning["base"]["difference"]>): string {
  return `${signedPercent(value)} (${signedPercent(low)} to ${signedPercent(high)})`;
}

function printSensitivity(sensitivity: AnswerTuning["sensitivity"]): void {
  const matter = sensitivity.filter(({ matters }) => matters);
  for (const { setting, best, others } of matter) {
    const words = others
      .filter(({ differs }) => differs)
      .map(({ value, difference }) => `${String(value)} ${difference === null ? "misses the limits" : signedPercent(difference.value)}`); // prettier-ignore
    print(`${setting} matters: ${String(best)} is best; ${words.join(", ")}`);
  }
  const idle = sensitivity.filter(({ matters }) => !matters).map(({ setting }) => setting);
  if (idle.length > 0) print(`no difference by ${idle.join(", ")}`);
}

function printFront(front: AnswerTuning["front"], unit: string): void {
  const beside = front[0]?.beside?.statistic;
  printTable(
    ["settings", unit, ...(beside === undefined ? [] : [beside]), "beyond calibration"],
    front
      .slice(0, MOST_ROWS)
      .map((point) => [
        changesText(point.changes),
        predicted(point.value, point.interval ?? undefined),
        ...(beside === undefined ? [] : [figure(point.beside?.value)]),
        point.is_beyond_calibration ? `* ${percent(point.extrapolated_share)} of the time` : "",
      ]),
  );
  print("no others are better in both, as far as replications on the same random numbers tell");
}

const MOST_ROWS = 10;

function changesText(changes: AnswerTuning["changes"]): string {
  const words = Object.entries(changes).map(([setting, value]) => `${setting} ${String(value)}`);
  return words.length === 0 ? "as they are" : words.join("\n");
}
