import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Profile } from "../profile/index.js";
import { readManifest, readProfile, writeProfile } from "./index.js";

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
    for (const [low, high] of Object.values(range).filter((of) => of !== undefined))
      expect(low).toBeLessThanOrEqual(high);
    expect(memory.base_bytes).toBeLessThan(memory.total_bytes);
  });
});

describe("decode factors", () => {
  const { cost, ...rest } = readProfile(join(FOLDER, "h100-gpt2-vllm-0.26.json"));
  const folder = mkdtempSync(join(tmpdir(), "servesim-profile-"));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function withFactors(decode_factors: [number, number][]): Profile {
    if (cost.kind !== "vllm_engine") throw new Error(`costs of kind ${cost.kind}`);
    const path = join(folder, "profile.json");
    writeProfile(path, { ...rest, cost: { ...cost, gpu: { ...cost.gpu, decode_factors } } });
    return readProfile(path);
  }

  it("stand by ascending tokens", () => {
    expect(withFactors([[1, 1.2], [2, 0.9]]).cost).toMatchObject({ gpu: { decode_factors: [[1, 1.2], [2, 0.9]] } }); // prettier-ignore
  });

  it.each<[string, [number, number][], RegExp]>([
    ["out of order", [[2, 1], [1, 1]], /cost\.gpu\.decode_factors: .*expected ascending tokens/], // prettier-ignore
    ["of no tokens", [[0, 1]], /cost\.gpu\.decode_factors\[0\]\[0\]/],
    ["of 0", [[1, 0]], /cost\.gpu\.decode_factors\[0\]\[1\]/],
    ["absent", [], /cost\.gpu\.decode_factors/],
  ])("%s are rejected with their place", (_, factors, message) => {
    expect(() => withFactors(factors)).toThrow(message);
  });
});

test("a manifest with more real runs than an experiment has is rejected with their place", () => {
  const folder = mkdtempSync(join(tmpdir(), "servesim-manifest-"));
  const file = join(folder, "manifest.json");
  const cell = { cell: "a", policy: "vllm", load: "b", repeats: 1e15 };
  writeFileSync(file, JSON.stringify({ version: 1, experiment: "e", servesim: "0", seed: "1", cells: [cell] }));
  expect(() => readManifest(file)).toThrow(/manifest\.json: cells\[0\]\.repeats: got 1000000000000000, expected/);
  rmSync(folder, { recursive: true });
});
