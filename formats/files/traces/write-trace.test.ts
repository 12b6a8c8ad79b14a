import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, type WorkloadRequest } from "../../index.js";
import { readTrace, writeTrace } from "../index.js";

const folder = mkdtempSync(join(tmpdir(), "servesim-written-"));
const loadTokenizer = () => Promise.reject(new Error("these traces have no texts"));

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const plain: WorkloadRequest[] = [
  { id: "a,b", arrivalNs: 0, promptTokens: 5, outputTokens: 3 },
  { id: 'c "d"', arrivalNs: 1_234_567_891, promptTokens: 7, outputTokens: 2 },
];
const sharing: WorkloadRequest[] = [512, 1000].map((promptTokens, at) => ({
  id: String(at),
  arrivalNs: at * 1_000_001,
  promptTokens,
  outputTokens: 4,
  content: promptTokens === 512 ? [[9, 512]] : [[9, 512], [10, 488]], // prettier-ignore
  priority: at,
}));

test("requests are read back from CSV as they were written, to the nanosecond", async () => {
  for (const name of ["trace.csv", "trace.csv.gz"]) {
    const path = join(folder, name);
    await writeTrace(path, plain, "csv");
    expect((await readTrace(path, { loadTokenizer })).requests).toEqual(plain);
  }
  await writeTrace(join(folder, "priority.csv"), [{ ...plain[0]!, priority: -2 }, plain[1]!], "csv");
  expect(readFileSync(join(folder, "priority.csv"), "utf8")).toBe(
    'arrival_ms,prompt_tokens,output_tokens,request_id,priority\n0,5,3,"a,b",-2\n1234.567891,7,2,"c ""d""",0\n',
  );
});

test("JSON lines keep what prompts share, and priorities", async () => {
  const path = join(folder, "trace.jsonl");
  await writeTrace(path, sharing, "jsonl");
  expect((await readTrace(path, { loadTokenizer })).requests).toEqual(sharing);
});

test("requests that a form cannot hold are rejected and nothing is written", async () => {
  const path = join(folder, "never.jsonl");
  const odd: Partial<WorkloadRequest> = { content: [[1, 2], [2, 3]] }; // prettier-ignore
  await expect(writeTrace(path, [{ ...plain[0]!, ...odd }], "jsonl")).rejects.toThrow(
    /content is not in blocks of 512 tokens/,
  );
  await expect(writeTrace(path, [{ id: "0", promptTokens: 5, outputTokens: 3 }], "csv")).rejects.toThrow(ConfigError);
  expect(existsSync(path)).toBe(false);
});
