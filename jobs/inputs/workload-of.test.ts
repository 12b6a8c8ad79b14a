import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { check, loadSchema, type Load } from "../../formats/index.js";
import { recordedOutputs } from "./workload-of.js";
import { workloadOf } from "./workload-of.js";

const folder = mkdtempSync(join(tmpdir(), "servesim-outputs-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function load(csv: string | undefined, given: object = {}): Load {
  const path = join(folder, "lengths.csv");
  if (csv !== undefined) writeFileSync(path, csv);
  const base = { dataset_name: "fixed", input_len: 4, num_prompts: 2000, max_concurrency: 1, output_len_from: path };
  return check(loadSchema, { ...base, ...given }, { source: "test" });
}

it("draws from the lengths of answered requests, each as often as it was recorded, within the limits", async () => {
  const csv = "output_tokens,status\n5,ok\n5,ok\n90,ok\n7,error\n300,ok\n";
  expect(await recordedOutputs(load(csv))).toEqual([5, 5, 90, 300]);
  const { requests } = await workloadOf(
    load(undefined, { output_min_tokens: 8, output_max_tokens: 200 }),
    undefined,
    "1",
  );
  const countOf = (tokens: number): number => requests.filter(({ outputTokens }) => outputTokens === tokens).length;
  expect([countOf(8), countOf(90), countOf(200)].map((count) => Math.round(count / 250))).toEqual([4, 2, 2]);
  expect(requests.every(({ maxTokens }) => maxTokens === 200)).toBe(true);
  expect((await workloadOf(load(undefined), undefined, "1")).requests[0]!.maxTokens).toBe(Infinity);
});

it.each([
  ["output_tokens\n12\nmany\n", /lengths.csv: row 2: output_tokens: got "many", expected a whole number from 1/],
  ["output_tokens\n0\n", /row 1: output_tokens: got "0"/],
  ["output_tokens\n", /no answered request with output tokens/],
  ["tokens\n3\n", /output_tokens/],
])("rejects what is no list of lengths: %j", async (csv, message) => {
  await expect(workloadOf(load(csv), undefined, "1")).rejects.toThrow(message);
});

it("rejects a least above the most, and sessions, whose answers have their lengths", async () => {
  expect(() => load("", { output_min_tokens: 9, output_max_tokens: 8 })).toThrow(
    /expected at most output_max_tokens, 8/,
  );
  const sessions = check(
    loadSchema,
    { dataset_name: "sessions", max_sessions: 1, output_max_tokens: 8 },
    { source: "t" },
  );
  await expect(workloadOf(sessions, undefined, "1")).rejects.toThrow(
    /is one of sessions, whose answers have their lengths/,
  );
});

it("tells of a link that leads in a circle", async () => {
  const path = join(folder, "loop.csv");
  symlinkSync("loop.csv", path);
  await expect(recordedOutputs({ ...load(undefined), output_len_from: path })).rejects.toThrow(
    /links lead in a circle/,
  );
});
