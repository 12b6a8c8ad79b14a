import fc from "fast-check";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { ArtifactError, ConfigError, type BatchRecord, type RequestRecord, type Run } from "../../index.js";
import { readRun, requireReplaceable, writeRun } from "../index.js";

const recording = "../shared/data/vllm-h100/gpt2/seed-n25-r1";
const folders: string[] = [];

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "servesim-run-"));
  folders.push(folder);
  return folder;
}

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function buildRun(requests: readonly RequestRecord[], batches: readonly BatchRecord[] = []): Run {
  return {
    info: {
      version: 1,
      source: "sim",
      policy: "naive",
      engine: { name: "test", settings: {} },
      model: { name: "mini" },
      hardware: {},
      load: { kind: "closed_loop" },
      requests: requests.length,
    },
    requests,
    batches,
  };
}

function buildRequest(id: string, more: Partial<RequestRecord> = {}): RequestRecord {
  return { requestId: id, arrivalNs: 1_500_001, promptTokens: 3, outputTokens: 20, status: "ok", ...more };
}

function buildBatch(batchId: number): BatchRecord {
  return {
    batchId,
    startNs: 1,
    firstTokenNs: 1_000_001,
    endNs: 2_000_003,
    size: 2,
    limit: 4,
    promptTokens: 9,
    outputTokens: 40,
    peakBytes: 1e9,
    reason: "timeout",
  };
}

async function written(run: Run): Promise<string> {
  const folder = join(newFolder(), "run");
  await writeRun(folder, run);
  return folder;
}

/** A written run whose requests.csv was changed afterwards. */
async function tampered(change: (csv: string) => string): Promise<string> {
  const folder = await written(buildRun([buildRequest("a"), buildRequest("b"), buildRequest("c")]));
  const path = join(folder, "requests.csv");
  writeFileSync(path, change(readFileSync(path, "utf8")));
  unsigned(folder);
  return folder;
}

/** As a recording that servesim has not written: run.json says nothing of the other files' contents. */
function unsigned(folder: string): void {
  const path = join(folder, "run.json");
  const info = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  writeFileSync(path, JSON.stringify({ ...info, requests_sha256: undefined, batches_sha256: undefined }));
}

const timeNs = fc.integer({ min: 0, max: 2 ** 51 });
const count = fc.integer({ min: 0, max: 1e9 });
const word = fc.string({ minLength: 1, maxLength: 12 }).filter((text) => text === text.trim() && text !== "");
const maybe = (key: keyof RequestRecord, value: fc.Arbitrary<unknown>): fc.Arbitrary<Partial<RequestRecord>> =>
  fc.option(value).map((some) => (some === null ? {} : { [key]: some }));

const anyRequest = fc
  .tuple(
    fc.record({ arrivalNs: timeNs, promptTokens: count, outputTokens: count }),
    fc.constantFrom("ok" as const, "refused" as const, "error" as const),
    maybe("sentNs", timeNs),
    maybe("scheduledNs", timeNs),
    maybe("firstTokenNs", timeNs),
    maybe("lastTokenNs", timeNs),
    maybe("cachedTokens", count),
    maybe("batchId", count),
    maybe("error", word),
    maybe(
      "extra",
      word.map((text) => ({ server_queue_ms: text })),
    ),
  )
  .map(
    ([base, status, ...rest]) =>
      Object.assign({}, base, { status }, ...rest) as typeof base &
        Partial<RequestRecord> &
        Pick<RequestRecord, "status">,
  )
  // The last token of an answer never precedes the first.
  .map(({ firstTokenNs, lastTokenNs, ...request }) => ({
    ...request,
    ...(firstTokenNs === undefined ? {} : { firstTokenNs: Math.min(firstTokenNs, lastTokenNs ?? Infinity) }),
    ...(lastTokenNs === undefined ? {} : { lastTokenNs: Math.max(lastTokenNs, firstTokenNs ?? 0) }),
  }));

test("a run read back is the run that was written, to the nanosecond", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyRequest, { minLength: 1, maxLength: 8 }), async (bare) => {
      const run = buildRun(
        bare.map((request, index) => ({ requestId: String(index), ...request })),
        [buildBatch(0), buildBatch(1)],
      );
      expect(await readRun(await written(run))).toEqual(run);
    }),
    { numRuns: 40 },
  );
});

test("text with commas, quotes and line breaks survives", async () => {
  const run = buildRun([buildRequest('a,"b"', { status: "error", error: 'it said "no",\nthen left' })]);
  expect(await readRun(await written(run))).toEqual(run);
});

test("columns that are not known are kept, columns that are missing stay absent", async () => {
  const folder = await tampered(() => {
    const header = "request_id,arrival_ms,prompt_tokens,output_tokens,status,probe,chunk_ms";
    return `${header}\n0,1.5,3,20,ok,,1.2;3.4\n1,2,3,20,ok,warm,\n2,3,3,20,ok,,\n`;
  });
  const { requests } = await readRun(folder);
  expect(requests[0]).toEqual({
    requestId: "0",
    arrivalNs: 1_500_000,
    promptTokens: 3,
    outputTokens: 20,
    status: "ok",
    extra: { chunk_ms: "1.2;3.4" },
  });
  expect(requests[1]?.extra).toEqual({ probe: "warm" });
  expect(requests[2]).not.toHaveProperty("extra");
  expect(requests[2]).not.toHaveProperty("firstTokenNs");
});

const recordingTest = existsSync(recording) ? test : test.skip;
if (!existsSync(recording)) console.warn(`SKIPPED: no recording at ${recording}`);

recordingTest("a recording of vLLM is read, its own columns kept", async () => {
  const { info, requests, batches } = await readRun(recording);
  expect(info).toMatchObject({ source: "real", policy: "vllm", engine: { name: "vllm" } });
  expect(requests).toHaveLength(info.requests);
  expect(requests[0]?.extra).toHaveProperty("server_prefill_ms");
  expect(requests[0]?.extra).toHaveProperty("chunk_ms");
  expect(requests[0]).not.toHaveProperty("scheduledNs");
  expect(batches).toEqual([]);
});

recordingTest("a recording written again and read again is the same", async () => {
  const run = await readRun(recording);
  expect(await readRun(await written(run))).toEqual(run);
});

test("a requests.csv cut in mid-row is rejected with its line", async () => {
  const folder = await tampered((csv) => csv.slice(0, csv.lastIndexOf("c,") + 6));
  await expect(readRun(folder)).rejects.toThrow(/requests\.csv:4: got \d+ fields, expected 14 .*may be truncated/);
});

test("a requests.csv cut between rows is rejected by the count of run.json", async () => {
  const folder = await tampered((csv) => csv.slice(0, csv.lastIndexOf("c,")));
  await expect(readRun(folder)).rejects.toThrow(/holds 2 requests, run\.json says 3; the file may be truncated/);
});

test("a value of the wrong kind is quoted with line and column", async () => {
  await expect(readRun(await tampered((csv) => csv.replace("b,1.500001", "b,soon")))).rejects.toThrow(
    /requests\.csv:3: arrival_ms: got "soon", expected number$/,
  );
  await expect(readRun(await tampered((csv) => csv.replace(/b(.*),ok/, "b$1,okay")))).rejects.toThrow(
    /requests\.csv:3: status: got "okay"/,
  );
});

test.each([
  ["arrival_ms", "a,1e308,7,9,3,1,ok"],
  ["arrival_ms", "a,1760000000000,7,9,3,1,ok"],
  ["first_token_ms", "a,1,-1e10,9,3,1,ok"],
  ["last_token_ms", "a,1,7,1e308,3,1,ok"],
])("a time that no run reaches, in %s, is rejected with its line", async (column, row) => {
  const header = "request_id,arrival_ms,first_token_ms,last_token_ms,prompt_tokens,output_tokens,status";
  const folder = await tampered(() => `${header}\n${row}\n`);
  const expected = /expected a time since the run's start, at most 9007199254 ms \(104 days\)$/;
  await expect(readRun(folder)).rejects.toThrow(expected);
  await expect(readRun(folder)).rejects.toThrow(new RegExp(`requests\\.csv:2: ${column}: got `));
});

test("an answer whose last token precedes its first is rejected with its line", async () => {
  const folder = await tampered(
    () =>
      "request_id,arrival_ms,first_token_ms,last_token_ms,prompt_tokens,output_tokens,status\na,1,7,7,3,1,ok\nb,1,7,6.9,3,2,ok\n",
  );
  await expect(readRun(folder)).rejects.toThrow(
    /requests\.csv:3: last_token_ms: got "6.9", expected a time at or after first_token_ms/,
  );
});

test("lines are counted through blank lines and quoted line breaks", async () => {
  const header = "request_id,arrival_ms,prompt_tokens,output_tokens,status,error";
  const folder = await tampered(() => `${header}\na,1,3,20,error,"two\nlines"\n\nb,soon,3,20,ok,\nc,1,3,20,ok,\n`);
  await expect(readRun(folder)).rejects.toThrow(/requests\.csv:5: arrival_ms: got "soon"/);
});

test("a missing or doubled column is named", async () => {
  await expect(readRun(await tampered((csv) => csv.replace("arrival_ms", "arrived")))).rejects.toThrow(
    /requests\.csv:1: no column arrival_ms, got request_id, arrived/,
  );
  await expect(readRun(await tampered((csv) => csv.replace("sent_ms", "arrival_ms")))).rejects.toThrow(
    /requests\.csv:1: two columns are called "arrival_ms"/,
  );
});

test("a CSV with a byte order mark and CRLF is read", async () => {
  const folder = await tampered((csv) => `\uFEFF${csv.replaceAll("\n", "\r\n")}`);
  expect((await readRun(folder)).requests.map(({ requestId }) => requestId)).toEqual(["a", "b", "c"]);
});

test("a truncated run.json, a missing one and a file in place of the folder are ArtifactErrors", async () => {
  const folder = await written(buildRun([buildRequest("a")]));
  const path = join(folder, "run.json");
  writeFileSync(path, readFileSync(path, "utf8").slice(0, 60));
  await expect(readRun(folder)).rejects.toThrow(/run\.json is not JSON: .*may be truncated$/);
  await expect(readRun(path)).rejects.toThrow(ArtifactError);
  rmSync(path);
  await expect(readRun(folder)).rejects.toThrow(/cannot read .*run\.json: no such file or folder/);
});

test("a run of another version is rejected", async () => {
  const folder = await written(buildRun([buildRequest("a")]));
  const path = join(folder, "run.json");
  writeFileSync(path, readFileSync(path, "utf8").replace('"version": 1', '"version": 2'));
  await expect(readRun(folder)).rejects.toThrow(/run\.json: version: got 2, expected 1/);
});

test("a run is replaced only with force, and then whole", async () => {
  const folder = await written(buildRun([buildRequest("a")], [buildBatch(0)]));
  const other = buildRun([buildRequest("x"), buildRequest("y")]);
  await expect(writeRun(folder, other)).rejects.toThrow(/already holds a run; .*--force/);
  expect((await readRun(folder)).requests).toHaveLength(1);
  await writeRun(folder, other, { force: true });
  expect(await readRun(folder)).toEqual(other);
});

test("no temporary file is left", async () => {
  const folder = await written(buildRun([buildRequest("a")], [buildBatch(0)]));
  expect(readdirSync(folder).sort()).toEqual(["batches.csv", "requests.csv", "run.json"]);
});

test("a folder that cannot be made is a ConfigError that names it", async () => {
  const file = join(newFolder(), "file");
  writeFileSync(file, "");
  for (const folder of [file, join(file, "below")]) {
    const attempt = writeRun(folder, buildRun([buildRequest("a")]));
    await expect(attempt).rejects.toThrow(ConfigError);
    await expect(attempt).rejects.toThrow(/cannot write .*: (it is a file|a part of the path is a file)/);
  }
});

test("a run folder with batches of another run, or a changed requests.csv, is rejected", async () => {
  const folder = await written(buildRun([buildRequest("a"), buildRequest("b")]));
  const requests = join(folder, "requests.csv");
  const whole = readFileSync(requests, "utf8");
  writeFileSync(requests, whole.replace(",20,", ",21,"));
  await expect(readRun(folder)).rejects.toThrow(
    /requests\.csv is not what was written: got SHA-256 \w{16}\.\.\., run\.json says .*take requests_sha256 out of run\.json/,
  );
  writeFileSync(requests, whole);
  writeFileSync(join(folder, "batches.csv"), readFileSync(join(await written(buildRun([buildRequest("a")], [buildBatch(0)])), "batches.csv"))); // prettier-ignore
  await expect(readRun(folder)).rejects.toThrow(/batches\.csv does not belong to this run/);
  rmSync(join(folder, "batches.csv"));
  writeFileSync(join(folder, "requests.csv.gz"), gzipSync(whole));
  rmSync(requests);
  expect((await readRun(folder)).requests).toHaveLength(2);
});

test("files that are no run's are not replaced without force, and others never", async () => {
  const folder = newFolder();
  writeFileSync(join(folder, "notes.txt"), "mine");
  writeFileSync(join(folder, "requests.csv"), "mine,too\n");
  writeFileSync(join(folder, "batches.csv"), "another run's\n");
  const run = buildRun([buildRequest("a")]);
  expect(() => {
    requireReplaceable(folder, {});
  }).toThrow(/holds batches\.csv and requests\.csv without a run\.json, which would be replaced/);
  await expect(writeRun(folder, run)).rejects.toThrow(ConfigError);
  expect(readFileSync(join(folder, "requests.csv"), "utf8")).toBe("mine,too\n");
  await writeRun(folder, run, { force: true });
  expect(readdirSync(folder).sort()).toEqual(["notes.txt", "requests.csv", "run.json"]);
  expect(await readRun(folder)).toEqual(run);
  expect(readFileSync(join(folder, "notes.txt"), "utf8")).toBe("mine");
});

/** A process id of this host that runs no more, as temporary names carry it. */
function nameOfDead(name: string): string {
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  const host = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
  return `.${name}.${host}-${pid}-00000000.tmp`;
}

test("what a killed process had written whole is brought to its place, what it had not is removed", async () => {
  const old = buildRun([buildRequest("a")], [buildBatch(0)]);
  const fresh = buildRun([buildRequest("x"), buildRequest("y")]);
  const states: [name: string, before: (folder: string, staged: string) => void][] = [
    ["staged", () => undefined],
    [
      "moving",
      (folder, staged) => {
        for (const name of ["run.json", "batches.csv"]) rmSync(join(folder, name));
        renameSync(join(staged, "requests.csv"), join(folder, "requests.csv"));
      },
    ],
  ];
  for (const [name, before] of states) {
    const folder = await written(old);
    const staged = join(folder, nameOfDead(name));
    renameSync(await written(fresh), staged);
    before(folder, staged);
    expect(() => {
      requireReplaceable(folder, {});
    }).toThrow(/already holds a run/);
    expect(await readRun(folder)).toEqual(fresh);
    expect(readdirSync(folder).sort()).toEqual(["requests.csv", "run.json"]);
  }
  const parent = newFolder();
  renameSync(await written(fresh), join(parent, nameOfDead("whole")));
  mkdirSync(join(parent, nameOfDead("cut")));
  writeFileSync(join(parent, nameOfDead("profile.json")), "{");
  expect(() => {
    requireReplaceable(join(parent, "whole"), {});
  }).toThrow(/already holds a run/);
  expect(await readRun(join(parent, "whole"))).toEqual(fresh);
  await writeRun(join(parent, "next"), old);
  expect(readdirSync(parent).sort()).toEqual(["next", "whole"]);
});

test("cells that a spreadsheet would run as formulas are written with an apostrophe, and read without", async () => {
  const texts = ["=1+1", "@SUM(A1)", "-2+3+cmd|' /C calc'!A0", "'=already", "+a"];
  const run = buildRun(
    texts.map((text) => buildRequest(text, { status: "error", error: text, extra: { note: text, queued_ms: "-0.5" } })),
  );
  const folder = await written(run);
  expect(await readRun(folder)).toEqual(run);
  const cells = readFileSync(join(folder, "requests.csv"), "utf8").split(/[\n,]/);
  expect(cells.filter((cell) => /^"?[=@+-]/.test(cell) && cell !== "-0.5")).toEqual([]);
});
