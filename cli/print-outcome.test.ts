import type { ExperimentResults } from "../experiment/index.js";
import { printOutcome } from "./print-outcome.js";

const write = process.stdout.write.bind(process.stdout);
afterEach(() => {
  process.stdout.write = write;
});

/** What is printed, without the lines of its table. */
function printed(cells: readonly object[]): string {
  let text = "";
  process.stdout.write = (part: string) => {
    text += part;
    return true;
  };
  printOutcome({ cells } as unknown as ExperimentResults);
  process.stdout.write = write;
  return text;
}

const entry = {
  metric: "e2el",
  stat: "mean",
  shown: true,
  sim: 90,
  real: 100,
  error_fraction: -0.1,
  spread: [98, 102],
};
const cell = (name: string, pace?: number): object => ({
  name,
  sim: { info: { summary: { mean_e2el_ms: 50 } } },
  comparison: { metrics: [{ ...entry, verdict: "outside" }] },
  pace,
});
const notRun = { name: "predicted", sim: { info: { summary: { mean_e2el_ms: 50 } } } };

test("real runs that know the machine's pace have it beside their error, with what it means", () => {
  const text = printed([cell("slow", 1.118), cell("unknown"), notRun]);
  expect(text).toMatch(
    /slow +│ mean latency, ms │ 90\.00 +│ 100\.0 +│ -10\.0 % │ 98\.00 to 102\.0 │ outside │ 1\.12 │/,
  );
  expect(text).toMatch(/unknown .* outside │ +│/);
  expect(text).toMatch(/predicted .* 50\.00 +│ not run │ +│ +│ +│ +│/);
  expect(text).toContain("above 1 the machine was slower");
});

test("where no run knows it there is no column", () => {
  const text = printed([cell("any")]);
  expect(text).toMatch(/any +│ .* outside │\n/);
  expect(text).not.toContain("pace");
});

test("what every cell says of itself is said once", () => {
  const writeError = process.stderr.write.bind(process.stderr);
  let text = "";
  process.stderr.write = (part: string) => {
    text += part;
    return true;
  };
  const noted = (name: string, ...notes: string[]): object => ({ name, sim: { info: { summary: {}, notes } } });
  printed([noted("a", "no draws", "overload"), noted("b", "no draws")]);
  process.stderr.write = writeError;
  expect(text.match(/no draws/g)).toHaveLength(1);
  expect(text).toContain("every cell: no draws");
  expect(text).toContain("a: overload");
});
