/** A plan is written whole, so what is damaged in it is told, wherever it is. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PlanFile } from "./plan-file.js";

const folder = mkdtempSync(join(tmpdir(), "servesim-plan-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test.each([
  ["", /plan\.jsonl has no cells; make it again with servesim sweep plan --force/],
  ["<html>404</html>", /plan\.jsonl:1: not JSON, expected a cell of the plan/],
  ["[".repeat(1e5) + "]".repeat(1e5), /plan\.jsonl:1: not JSON/],
  ["{}\n", /plan\.jsonl:1: /],
])("%.20s is no plan", async (text, message) => {
  const path = join(folder, "plan.jsonl");
  writeFileSync(path, text);
  await expect(PlanFile.open(path)).rejects.toThrow(message);
});
