import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readValidation } from "../../formats/files/index.js";
import { accuracyPage } from "./accuracy-page.js";
import type { JudgedStatistic } from "./judge-cell.js";
import { validate, type ValidationResult } from "./validate.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-validation-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function file(text: string): string {
  const path = join(folder, "validation.yaml");
  writeFileSync(path, text);
  return path;
}

const base =
  "version: 1\nname: small\nmodels: [tiny]\npolicies: [{ policy: naive }]\nloads: [{ max_concurrency: 2 }]\n";

test("one real run is rejected, since there is no noise to compare with", async () => {
  const path = file(`${base}num_runs: 1\n`);
  const reporter = { note: () => undefined, warn: () => undefined, progress: () => undefined as never };
  const options = { results: folder, force: false, signal: new AbortController().signal, reporter };
  await expect(validate(readValidation(path), path, options)).rejects.toThrow(/num_runs is 1, expected at least 2/);
});

test("a file without models, or with a profile, is rejected with its line", () => {
  expect(() => readValidation(file(base.replace("models: [tiny]\n", "")))).toThrow(/models/);
  expect(() => readValidation(file(`${base}profile: x.json\n`))).toThrow(/validation.yaml:6.*calibrates this machine/s);
});

test("the page counts what agrees, with the other verdicts beside, and the blind and explained ones apart", () => {
  const statistic: Omit<JudgedStatistic, "verdict" | "more_repeats"> = {
    ...{ model: "m", cell: "c", metric: "e2el", stat: "mean", sim: 11, real: 10, error_fraction: 0.1, spread: [9, 12] },
    ...{ interval_fraction: [-0.1, 0.31], tolerance_fraction: 0.05, noise: "repeats" },
    ...{ verdict_as_calibrated: "differs", verdict_beside: "agrees" },
  };
  const result: ValidationResult = {
    name: "small",
    statistics: [
      { ...statistic, verdict: "cannot tell", more_repeats: 7 },
      { ...statistic, verdict: "differs", more_repeats: null, stat: "p95", interval_fraction: [0.08, 0.12] },
      { ...statistic, verdict: "agrees", more_repeats: null, metric: "ttft", verdict_beside: null },
    ],
    batches: [
      {
        ...{ model: "m", cell: "c", equal_leading: 3, repeat_equal_leading: 2, sim_batches: 4, real_batches: 5 },
        ...{ sim_service_ms: 10.04, real_service_ms: 11.06, pace: { before: 1.094, after: 1.2 } },
      },
    ],
    runs: { all: 12, disturbed: 2 },
    machine: "a CPU, 2 cores",
    held_out: { m: 0.021 },
  };
  const page = accuracyPage(result, "servesim validate small.yaml");
  expect(page).toContain("**agrees 1, differs 1, cannot tell 1 of 3**");
  expect(page).toContain("| before each real run (a prediction) | 1 | 1 | 1 |");
  expect(page).toContain("| of the calibration (a prediction, blind) | 0 | 3 | 0 |");
  expect(page).toContain("| beside each real run (an explanation) | 2 | 0 | 0 |");
  expect(page).toContain("m 2.1 %");
  expect(page).toContain("on a CPU, 2 cores");
  expect(page).toContain("2 of 12 real runs were disturbed");
  expect(page).toContain(
    "| m | c | mean e2el | 11.0 | 10.0 | +10.0 % | -10.0 % to +31.0 % | 5 % | 9.0 to 12.0 | cannot tell, 7 more repeats would settle it |",
  );
  expect(page).toContain("| +8.0 % to +12.0 % | 5 % | 9.0 to 12.0 | **differs** |");
  expect(page).toContain("| m | c | 3 | 2 | 4 | 5 | 10.0 | 11.1 | 1.094 | 1.200 |");
});
