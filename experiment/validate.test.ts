import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readValidation } from "../formats/files/index.js";
import { accuracyPage } from "./accuracy-page.js";
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

test("one real run is refused, since there is no noise to compare with", async () => {
  const path = file(`${base}num_runs: 1\n`);
  const reporter = { note: () => undefined, warn: () => undefined, progress: () => undefined as never };
  const options = { results: folder, force: false, signal: new AbortController().signal, reporter };
  await expect(validate(readValidation(path), path, options)).rejects.toThrow(/num_runs is 1, expected at least 2/);
});

test("a file without models, or with a profile, is refused with its line", () => {
  expect(() => readValidation(file(base.replace("models: [tiny]\n", "")))).toThrow(/models/);
  expect(() => readValidation(file(`${base}profile: x.json\n`))).toThrow(/validation.yaml:6.*calibrates this machine/s);
});

test("the page counts what holds and marks what does not", () => {
  const statistic = { model: "m", cell: "c", metric: "e2el", stat: "mean", sim: 11, real: 10, error_fraction: 0.1 };
  const result: ValidationResult = {
    name: "small",
    tolerance: 0.05,
    statistics: [
      { ...statistic, spread: [9, 12], holds: true, holds_as_calibrated: false },
      { ...statistic, spread: [9, 10.5], holds: false, holds_as_calibrated: false },
    ],
    batches: [
      {
        ...{ model: "m", cell: "c", equal_leading: 3, repeat_equal_leading: 2, sim_batches: 4, real_batches: 5 },
        ...{ sim_service_ms: 10.04, real_service_ms: 11.06, pace: 1.094 },
      },
    ],
    runs: { all: 12, disturbed: 2 },
    machine: "a CPU, 2 cores",
    held_out: { m: 0.021 },
  };
  const page = accuracyPage(result, "servesim validate small.yaml");
  expect(page).toContain("**1 of 2** hold");
  expect(page).toContain("at the pace of the calibration 0 hold");
  expect(page).toContain("m 2.1 %");
  expect(page).toContain("on a CPU, 2 cores");
  expect(page).toContain("2 of 12 real runs were disturbed");
  expect(page).toContain("| m | c | mean e2el | 11.0 | 10.0 | +10.0 % | 9.0 to 10.5 | **no** |");
  expect(page).toContain("| m | c | 3 | 2 | 4 | 5 | 10.0 | 11.1 | 1.094 |");
});
