import { readdirSync } from "node:fs";
import { readProfile } from "./index.js";

const FOLDER = "profiles";
const shipped = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));

test("profiles are shipped", () => {
  expect(shipped.length).toBeGreaterThan(0);
});

describe.each(shipped)("the shipped profile %s", (file) => {
  it("passes the schema, with a name that its file begins with", () => {
    expect(file.startsWith(readProfile(`${FOLDER}/${file}`).name)).toBe(true);
  });

  it("was measured on a range, and leaves memory for KV", () => {
    const { range, memory } = readProfile(`${FOLDER}/${file}`);
    for (const [low, high] of Object.values(range)) expect(low).toBeLessThanOrEqual(high);
    expect(memory.base_bytes).toBeLessThan(memory.total_bytes);
  });
});
