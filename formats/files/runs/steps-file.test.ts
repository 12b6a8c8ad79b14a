import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { smallRun } from "../../../test/support/small-run.js";
import { ArtifactError, type ScheduledStepRecord } from "../../index.js";
import { readBlockCounts, readRun, readScheduledSteps, readSteps, runLog, writeRun } from "../index.js";

const header =
  "step,schedule_start_us,schedule_end_us,update_start_us,update_end_us,scheduled_requests,scheduled_tokens," +
  "decode_requests,prefill_requests,prefill_tokens,context_tokens,decode_context_tokens,prefill_attention_pairs," +
  "sampling_requests,running";
const good = ["0,10,12.5,20,21,1,64,0,1,64,0,0,2080,1,1", "1,22,23,30,31,1,1,1,0,0,64,64,0,1,1"];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-steps-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function stepsOf(...rows: readonly string[]): ReturnType<typeof readSteps> {
  writeFileSync(join(folder, "steps.csv"), `${[header, ...rows].join("\n")}\n`);
  return readSteps(folder);
}

test("steps are read in whole nanoseconds, columns that are not known left out", async () => {
  const steps = (await stepsOf(...good))!;
  expect(steps).toHaveLength(2);
  expect(steps[0]).toEqual({
    step: 0,
    scheduleStartNs: 10_000,
    scheduleEndNs: 12_500,
    updateStartNs: 20_000,
    updateEndNs: 21_000,
    scheduledRequests: 1,
    scheduledTokens: 64,
    decodeRequests: 0,
    decodeContextTokens: 0,
    prefillRequests: 1,
    prefillTokens: 64,
    contextTokens: 0,
    prefillAttentionPairs: 2080,
    samplingRequests: 1,
    preempted: 0,
  });
});

test("a step whose results were not taken has no update", async () => {
  const [, last] = (await stepsOf(good[0]!, "1,22,23,,,1,1,1,0,0,64,64,0,1,1"))!;
  expect([last!.updateStartNs, last!.updateEndNs]).toEqual([undefined, undefined]);
});

test("a packed file is read alike, and a folder without one has no steps", async () => {
  expect(await readSteps(folder)).toBeUndefined();
  writeFileSync(join(folder, "steps.csv.gz"), gzipSync(`${[header, ...good].join("\n")}\n`));
  expect(await readSteps(folder)).toHaveLength(2);
});

test.each([
  ["1,22,23,30,31,1,1,1,0,0", /steps\.csv:3: got 10 fields, expected 15 .*truncated/],
  ["1,22,23,30,31,-1,1,1,0,0,64,64,0,1,1", /steps\.csv:3: scheduled_requests: got "-1"/],
  ["1,soon,23,30,31,1,1,1,0,0,64,64,0,1,1", /steps\.csv:3: schedule_start_us: /],
  ["1,22,23,30,31,1,1.5,1,0,0,64,64,0,1,1", /steps\.csv:3: scheduled_tokens: got "1\.5"/],
])("a bad row is named by file, line and column: %s", async (row, message) => {
  const read = stepsOf(good[0]!, row);
  await expect(read).rejects.toThrow(message);
  await expect(read).rejects.toThrow(ArtifactError);
});

test("a file without a column that is needed is rejected with its name", async () => {
  writeFileSync(join(folder, "steps.csv"), `${header.replace(",sampling_requests", "")}\n`);
  await expect(readSteps(folder)).rejects.toThrow(/steps\.csv:1: no column sampling_requests/);
});

const step: ScheduledStepRecord = {
  ...{ step: 3, scheduleStartNs: 1_000, scheduleEndNs: 2_000, updateStartNs: 9_000, updateEndNs: 9_400 },
  ...{ scheduledRequests: 2, scheduledTokens: 5, decodeRequests: 1, decodeContextTokens: 7, prefillRequests: 1 },
  ...{ prefillTokens: 4, contextTokens: 9, prefillAttentionPairs: 18, samplingRequests: 2, preempted: 1 },
  ...{ running: 2, waiting: 1, waitingBefore: 0, freeBlocks: 40, prefillChunks: "a%3Ab:4:2", preemptedIds: "c" },
  ...{ computeStartNs: 2_500, computeEndNs: 8_000, runtimeNs: 5_000, slotCopies: 1 },
};

test("steps of a run are written with it, and read back in whole microseconds", async () => {
  await writeRun(folder, { ...smallRun([]), steps: [step] });
  const [read] = (await readSteps(folder))!;
  expect(step).toMatchObject({ ...read, updateEndNs: 9_400 });
  expect(read!.updateEndNs).toBe(9_000);
});

test("steps of a run that was cut are read with its requests", async () => {
  const log = runLog(folder, () => undefined);
  log.begin(smallRun([]).info);
  log.step(step);
  log.flush();
  const run = await readRun(folder);
  log.close();
  expect(run.steps).toEqual([step]);
});

test("own steps are read back with what repeats the decision; those of a server have none of it", async () => {
  const step = {
    ...{ step: 0, scheduleStartNs: 1000, scheduleEndNs: 2000, updateStartNs: 9000, updateEndNs: 10_000 },
    ...{ scheduledRequests: 1, scheduledTokens: 4, decodeRequests: 0, decodeContextTokens: 0, prefillRequests: 1 },
    ...{ prefillTokens: 4, contextTokens: 0, prefillAttentionPairs: 10, samplingRequests: 1, preempted: 0 },
    ...{ running: 1, waiting: 2, waitingBefore: 3, freeBlocks: 7, prefillChunks: "a:4:0", preemptedIds: "" },
    ...{ computeStartNs: 3000, computeEndNs: 8000 },
  };
  await writeRun(join(folder, "run"), { ...smallRun([]), steps: [step] });
  expect(await readScheduledSteps(join(folder, "run"))).toEqual([step]);
  expect(await readBlockCounts(join(folder, "run"))).toEqual([{ requests: 1, tokens: 4, freeBlocks: 7 }]);
  await stepsOf(...good);
  expect([await readScheduledSteps(folder), await readBlockCounts(folder)]).toEqual([undefined, undefined]);
});
