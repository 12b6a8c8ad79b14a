import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { smallRun } from "../../../test/support/small-run.js";
import { ArtifactError } from "../../errors.js";
import type { BatchRecord, RequestRecord } from "../../run/index.js";
import { readRun, writeRun } from "./run-folder.js";
import { runLog, type RunLog } from "./run-log.js";
import { readTrace } from "../traces/index.js";

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "servesim-log-")), "run");
});
afterEach(() => {
  rmSync(join(folder, ".."), { recursive: true });
});

const request = (id: string, arrivalNs: number): RequestRecord => ({
  requestId: id,
  arrivalNs,
  sentNs: arrivalNs + 1,
  firstTokenNs: arrivalNs + 1_000_003,
  lastTokenNs: arrivalNs + 2_000_003,
  promptTokens: 3,
  outputTokens: 2,
  status: "ok",
  extra: { chunk_ms: "1.000;2.000", text: 'a "quoted"\nline' },
});
const batch: BatchRecord = {
  batchId: 0,
  startNs: 1,
  firstTokenNs: 2,
  endNs: 3,
  size: 2,
  limit: 4,
  promptTokens: 6,
  outputTokens: 4,
};
const noTrouble = (message: string): void => {
  throw new Error(message);
};
const { info } = smallRun([], { planned_requests: 9 });

function begun(): RunLog {
  const log = runLog(folder, noTrouble);
  log.begin(info);
  return log;
}

const turn = (): Promise<void> => new Promise((resume) => setImmediate(resume));

test("what ended is in the folder a turn of the event loop later, to the nanosecond, and marked as cut", async () => {
  const log = begun();
  log.request(request("b", 7_000_000));
  log.batch(batch);
  log.request(request("a", 5));
  await turn();
  // The log is neither closed nor flushed: the process might have been killed here.
  const run = await readRun(folder);
  expect(run.requests).toEqual([request("a", 5), request("b", 7_000_000)]);
  expect(run.batches).toEqual([batch]);
  expect(run.info).toMatchObject({ cut: true, requests: 2, valid: { ok: false } });
  expect(run.info.valid?.reasons).toEqual([
    "the run was cut before its end: 2 of 9 requests had finished, only they are in it",
  ]);
  log.close();
});

test("a run that was cut before its first request ended is a run of none", async () => {
  begun().close();
  expect((await readRun(folder)).requests).toEqual([]);
});

test("a last line cut anywhere is dropped, every line before it is kept", async () => {
  const log = begun();
  for (const id of ["a", "b", "c"]) log.request(request(id, 1));
  log.close();
  const path = join(folder, "finished.jsonl");
  const bytes = readFileSync(path);
  const lastLine = bytes.subarray(0, -1).lastIndexOf(10) + 1;
  for (let end = lastLine; end < bytes.length - 1; end += 7) {
    writeFileSync(path, bytes.subarray(0, end));
    expect((await readRun(folder)).requests.map(({ requestId }) => requestId)).toEqual(["a", "b"]);
  }
  // After a power failure a file may end with zeros.
  writeFileSync(path, Buffer.concat([bytes, Buffer.alloc(100)]));
  expect((await readRun(folder)).requests).toHaveLength(3);
});

test("a bad line in the middle is named", async () => {
  const log = begun();
  log.request(request("a", 1));
  log.close();
  appendFileSync(join(folder, "finished.jsonl"), 'no json\n{"batch":{}}\n');
  const read = readRun(folder);
  await expect(read).rejects.toThrow(ArtifactError);
  await expect(read).rejects.toThrow(/finished\.jsonl:2: not JSON/);
});

test("the whole run takes the place of what was kept, and nothing of it is left", async () => {
  const log = begun();
  log.request(request("a", 1));
  log.close();
  const whole = smallRun([request("a", 1), request("b", 2)]);
  await writeRun(folder, whole, { force: true });
  expect(readdirSync(folder).sort()).toEqual(["requests.csv", "run.json"]);
  expect((await readRun(folder)).info).not.toHaveProperty("cut");
});

test("until its run.json is there, a whole run leaves the cut one readable", async () => {
  const log = begun();
  log.request(request("a", 1));
  log.close();
  // What a kill between the two files of a whole run leaves behind.
  writeFileSync(join(folder, "requests.csv"), "request_id,arr");
  expect((await readRun(folder)).requests).toEqual([request("a", 1)]);
});

test("a run that was cut is a trace of what had been answered, with a note", async () => {
  const log = begun();
  log.request(request("b", 7_000_000));
  log.request({ ...request("failed", 1), status: "error", outputTokens: 0 });
  log.request(request("a", 1_000_000));
  log.close();
  const { format, rows, requests, notes } = await readTrace(folder, {
    loadTokenizer: () => Promise.reject(new Error()),
  });
  expect([format, rows]).toEqual(["run", 3]);
  expect(requests).toEqual([
    { id: "a", arrivalNs: 0, promptTokens: 3, outputTokens: 2 },
    { id: "b", arrivalNs: 6_000_000, promptTokens: 3, outputTokens: 2 },
  ]);
  expect(notes).toEqual([
    "the run was cut before its end: 3 of 9 requests had finished, only they are in it",
    '1 of 3 rows left out: not "ok", or 0 tokens',
  ]);
});

test("a run that was cut is not replaced without --force", async () => {
  begun().close();
  await expect(writeRun(folder, smallRun([]))).rejects.toThrow(/already holds a run/);
});

test("a log replaces the run before it, files of other names stay", async () => {
  await writeRun(folder, { ...smallRun([request("old", 1)]), batches: [batch] });
  writeFileSync(join(folder, "notes.txt"), "mine");
  begun().close();
  expect(readdirSync(folder).sort()).toEqual(["finished.jsonl", "notes.txt", "run.json"]);
});

test("a full disk is reported once, the log goes on when there is room", async () => {
  if (!existsSync("/dev/full")) {
    console.warn("SKIPPED: no /dev/full");
    return;
  }
  const { mkdirSync, symlinkSync } = await import("node:fs");
  mkdirSync(folder);
  symlinkSync("/dev/full", join(folder, "finished.jsonl"));
  const told: string[] = [];
  const log = runLog(folder, (message) => told.push(message));
  log.begin(info);
  log.request(request("a", 1));
  await turn();
  log.request(request("b", 1));
  await turn();
  log.flush();
  log.close();
  expect(told).toEqual([`cannot keep finished requests in ${folder} as they end: the disk is full; the run continues`]);
});
