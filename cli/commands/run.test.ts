import type { ExperimentResults } from "../../jobs/experiment/index.js";
import { printOutcome } from "./run.js";

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
  ...{ metric: "e2el", stat: "mean", shown: true, sim: 90, real: 100, error_fraction: -0.1 },
  ...{ interval_fraction: [-0.2, 0.02], tolerance_fraction: 0.05, noise: "repeats", more_repeats: 4 },
};
const cell = (name: string, verdict: string, pace?: object): object => ({
  name,
  sim: { info: { summary: { mean_e2el_ms: 50 } } },
  comparison: { metrics: [{ ...entry, verdict }] },
  ...(pace === undefined ? {} : { pace, asCalibrated: { metrics: [{ ...entry, verdict: "differs" }] } }),
});
const notRun = { name: "predicted", sim: { info: { summary: { mean_e2el_ms: 50 } } } };

test("each error has its interval, tolerance and verdict beside it, and the pace before and after where it is known", () => {
  const text = printed([
    cell("slow", "cannot tell", { before: 1.118, after: 1.2 }),
    cell("unknown", "differs"),
    notRun,
  ]);
  expect(text).toMatch(
    /slow +│ mean latency, ms │ 90\.00 +│ 100\.0 +│ -10\.0 % │ -20\.0 % to \+2\.0 % │ 5\.0 % +│ cannot tell, 4 more repeats would settle it │ 1\.12, 1\.20 │/,
  );
  expect(text).toMatch(/unknown .* differs +│ +│/);
  expect(text).toMatch(/predicted .* 50\.00 +│ not run │ +│ +│ +│ +│ +│/);
  expect(text).toContain("\nagrees 0, differs 1, cannot tell 1 of 2\n");
  expect(text).toContain("\nat the pace of the calibration: agrees 0, differs 1, cannot tell 0 of 1\n");
  expect(text).toContain("the pace after it explains a miss");
});

test("where no run knows it there is no column", () => {
  const text = printed([cell("any", "agrees")]);
  expect(text).toMatch(/any +│ .* agrees +│\n/);
  expect(text).not.toContain("pace");
});

test("what every cell says of itself is said once, without a name", () => {
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
  expect(text).toMatch(/^\S*warning:\S* no draws$/m);
  expect(text).toContain("a: overload");
});
