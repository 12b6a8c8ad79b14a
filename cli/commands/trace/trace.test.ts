/** servesim trace as users meet it, in a temporary folder. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type Ended, servesimIn } from "../../../test/support/servesim-process.js";

const publicTraces = join(process.cwd(), "..", "shared", "data");
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-trace-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const trace = (...words: string[]): Promise<Ended> => servesimIn(folder, ["trace", ...words]);

function write(name: string, lines: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, lines.join("\n"));
  return path;
}

/** A user's mistake: exit 2, one "error:" message that matches, no stack, nothing on stdout. */
function expectMistake({ code, stdout, stderr }: Ended, message: RegExp): void {
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(stdout).toBe("");
  expect(code).toBe(2);
}

/** 30 bins of 3 s with 4 requests each, two blocks shared by all. */
const mooncake = Array.from({ length: 120 }, (_, at) =>
  JSON.stringify({
    timestamp: Math.floor(at / 4) * 3000,
    input_length: 1200,
    output_length: 10 + at,
    hash_ids: [0, 1, at + 2],
  }),
);
const azure = [
  "TIMESTAMP,ContextTokens,GeneratedTokens",
  "2023-11-16 18:17:03.9799600,4808,10",
  "2023-11-16 18:17:04.0319601,3180,8",
  "2023-11-16 18:17:05.9799600,0,8",
  "2023-11-16 18:17:05.9799600,110,27",
];

describe("trace inspect", () => {
  test("prints counts, lengths, rate, binning and what a prefix cache could save", async () => {
    const { code, stdout, stderr } = await trace("inspect", write("mooncake.jsonl", mooncake));
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout).toMatch(/mooncake\.jsonl \(mooncake\): 120 requests of 120 rows/);
    expect(stdout).toMatch(/prompt +│ 1200 +│ 1,200/);
    expect(stdout).toMatch(/arrivals: 87\.00 s, mean 1\.368 requests\/s, most 4 in a second, 80 in a minute/);
    expect(stdout).toMatch(/binned: all times are multiples of 3\.000 s, 120 requests share theirs/);
    expect(stdout).toMatch(/prefix cache: at most 84\.6 % of the prompt tokens \(121,856\), with blocks of 16/);
  });

  test("--json says the same with units in its keys, and what was left out", async () => {
    const { code, stdout } = await trace("inspect", write("azure.csv", azure), "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      format: "azure",
      requests: 3,
      rows: 4,
      notes: ["1 of 4 rows left out: 0 context or generated tokens"],
      prompt_tokens: { min: 110, max: 4808 },
      arrivals: { span_s: 2, mean_rate_per_s: 1, bin_s: null },
      prefix_cache: null,
    });
  });

  test("--plot draws a picture once", async () => {
    const path = write("azure.csv", azure);
    const { code, stderr } = await trace("inspect", path, "--plot", "trace.svg");
    expect(code).toBe(0);
    expect(stderr).toContain("chart written to trace.svg");
    expect(readFileSync(join(folder, "trace.svg"), "utf8")).toContain("n = 3 requests");
    expectMistake(await trace("inspect", path, "--plot", "trace.svg"), /trace\.svg exists already; .*--force/);
    expect((await trace("inspect", path, "--plot", "trace.svg", "--force")).code).toBe(0);
  });
});

describe("trace convert", () => {
  test("writes CSV that keeps the digits, and JSON lines that keep what prompts share", async () => {
    const path = write("azure.csv", azure);
    expect((await trace("convert", path, "--output", "azure-out.csv")).code).toBe(0);
    expect(readFileSync(join(folder, "azure-out.csv"), "utf8")).toBe(
      "arrival_ms,prompt_tokens,output_tokens,request_id\n0,4808,10,0\n52.0001,3180,8,1\n2000,110,27,3\n",
    );
    const shared = write("mooncake.jsonl", mooncake);
    expect(
      (await trace("convert", shared, "--output", "again.jsonl.gz", "--unbin", "even", "--time-scale", "2")).code,
    ).toBe(0);
    const lines = gunzipSync(readFileSync(join(folder, "again.jsonl.gz")))
      .toString()
      .trim()
      .split("\n");
    expect(JSON.parse(lines[1]!)).toEqual({ ...(JSON.parse(mooncake[1]!) as object), timestamp: 1500 });
    const { stderr } = await trace("convert", shared, "--output", "again.csv");
    expect(stderr).toMatch(/warning: CSV cannot keep shared prefixes; --to jsonl keeps them/);
  });

  test("gives arrivals to what has none", async () => {
    const talk = {
      id: "a",
      conversations: [{ value: "one two three four five" }, { value: "six seven eight nine ten" }],
    };
    const path = write("sharegpt.json", [JSON.stringify([talk, talk])]);
    expectMistake(await trace("convert", path, "--output", "talk.csv"), /has no arrival time, .*give --request-rate/);
    expect(existsSync(join(folder, "talk.csv"))).toBe(false);
    const made = await trace("convert", path, "--output", "talk.csv", "--request-rate", "2", "--arrivals", "constant");
    expect(made.code).toBe(0);
    expect(readFileSync(join(folder, "talk.csv"), "utf8")).toContain("\n500,5,5,a\n1000,5,5,#1\n");
    const { stdout } = await trace("inspect", path);
    expect(stdout).toMatch(/arrivals: the file has none/);
  });
});

test("trace slice keeps rows or a time, in the form of what it slices", async () => {
  const path = write("mooncake.jsonl", mooncake);
  const { code, stdout } = await trace(
    "slice",
    path,
    "--start-row",
    "4",
    "--end-row",
    "9",
    "--output",
    "rows",
    "--json",
  );
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ written: "rows", format: "jsonl", requests: 5 });
  const rows = readFileSync(join(folder, "rows"), "utf8").trim().split("\n");
  const times = rows.map((row) => (JSON.parse(row) as { timestamp: number }).timestamp);
  expect(times).toEqual([0, 0, 0, 0, 3000]);
  const timed = await trace("slice", path, "--slice-start", "3", "--slice-end", "9", "--output", "time.csv", "--json");
  expect(JSON.parse(timed.stdout)).toMatchObject({ format: "csv", requests: 8 });
  expectMistake(
    await trace("slice", path, "--start-row", "500", "--output", "none"),
    /no requests from row 500 on, the trace has \d+: change --start-row or --end-row/,
  );
});

test("mistakes are named and leave nothing", async () => {
  const path = write("azure.csv", azure);
  expectMistake(await trace("inspct", path), /no action "inspct", did you mean "inspect"\?/);
  expectMistake(await trace("inspect", "nope.csv"), /cannot read nope\.csv: no such file/);
  expectMistake(
    await trace("inspect", path, "--output", "x.csv"),
    /--output is a flag of trace convert and slice, not of/,
  );
  expectMistake(await trace("convert", path), /trace convert: got no --output/);
  expectMistake(await trace("convert", path, "--output", path, "--force"), /azure\.csv: it is what this command reads/);
  expectMistake(await trace("inspect", path, "--time-scale", "-1"), /--time-scale: got -1, expected number to be >0/);
  expectMistake(await trace("inspect", path, "--trace-format", "azur"), /--trace-format: got "azur"/);
  expectMistake(await trace("inspect", path, "--request-rate", "5"), /own arrival times, request_rate cannot be given/);
  const bad = write("bad.csv", [...azure, "2023-11-16 18:17:06,x,1"]);
  expectMistake(await trace("inspect", bad), /bad\.csv:6: ContextTokens: got "x", expected a whole number of tokens/);
});

const files = {
  conv: join(publicTraces, "azure-2023", "AzureLLMInferenceTrace_conv.csv.gz"),
  code: join(publicTraces, "azure-2023", "AzureLLMInferenceTrace_code.csv.gz"),
  synthetic: join(publicTraces, "mooncake", "synthetic_trace.jsonl.gz"),
};

// The public traces lie beside a checkout where they were fetched; without them these tests say "skipped".
(Object.values(files).every((file) => existsSync(file)) ? describe : describe.skip)("the public traces", () => {
  const inspected = async (file: string): Promise<unknown> =>
    JSON.parse((await trace("inspect", file, "--json")).stdout);

  test("of Azure have the rows and spans of their description", async () => {
    expect(await inspected(files.conv)).toMatchObject({
      format: "azure",
      requests: 19_366,
      rows: 19_366,
      arrivals: { span_s: 3501.721937, bin_s: null },
      output_tokens: { max: 1000 },
    });
    expect(await inspected(files.code)).toMatchObject({ requests: 8819, arrivals: { span_s: 3435.948056 } });
  });

  test("of Mooncake share the blocks that a search by block finds", async () => {
    expect(await inspected(files.synthetic)).toMatchObject({
      format: "mooncake",
      requests: 3993,
      arrivals: { span_s: 1022.025, bin_s: null },
      prefix_cache: { block_tokens: 16, hit_tokens: 39_850_800, prompt_tokens: 61_194_628 },
    });
  });
});
