/**
 * npm run -s verify:fast [-- --cases N] [--seed S]: random simulations, fast-forwarded and step by step; every result
 * must be the same to the last bit. Prints how much was jumped over; exit 1 with the smallest case found that differs.
 */
import { parseArgs } from "node:util";
import fc from "fast-check";
import { fastCases } from "./fast-forward/cases.js";
import { compareEngines } from "./fast-forward/identical.js";

const { numRuns, seed } = options();

let [cases, steps, jumped, inRuns, preempting] = [0, 0, 0, 0, 0];
const result = fc.check(
  fc.property(fastCases, (fastCase) => {
    const { differences, steps: all, jumpedSteps, runSteps, preemptions } = compareEngines(fastCase);
    cases++;
    steps += all;
    jumped += jumpedSteps;
    inRuns += runSteps;
    if (preemptions > 0) preempting++;
    if (differences.length > 0) throw new Error(differences.slice(0, 5).join("\n"));
  }),
  { numRuns, seed },
);
if (result.failed) {
  console.log(fc.defaultReportMessage(result));
  console.log(String(result.errorInstance));
  console.log(`cases ${cases}: one differs, seed ${seed}`);
  process.exitCode = 1;
} else {
  console.log(
    `${steps} steps, ${percent(jumped)} of them jumped over, ${percent(inRuns)} drawn in runs; ${preempting} cases preempt`,
  );
  console.log(`cases ${cases}/${numRuns} identical`);
}

function percent(of: number): string {
  return `${((100 * of) / steps).toFixed(1)} %`;
}

function options(): { numRuns: number; seed: number } {
  try {
    const { values } = parseArgs({
      options: { cases: { type: "string", default: "4000" }, seed: { type: "string", default: "1" } },
    });
    const isWhole = (text: string): boolean => /\d/.test(text) && Number.isSafeInteger(Number(text));
    if (isWhole(values.cases) && Number(values.cases) >= 1 && isWhole(values.seed)) {
      return { numRuns: Number(values.cases), seed: Number(values.seed) };
    }
    throw new Error(`--cases "${values.cases}" --seed "${values.seed}", expected whole numbers, at least 1 case`);
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message.replaceAll("\n", " ") : String(error)}`);
    process.exit(2);
  }
}
