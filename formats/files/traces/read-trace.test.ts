import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { ArtifactError, type Trace, type WorkloadRequest } from "../../index.js";
import { readTrace } from "../index.js";
import type { TraceOptions } from "./read-trace.js";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-traces-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** One token a word. */
const loadTokenizer = () => Promise.resolve((text: string) => text.split(" ").map((_, at) => at));

function read(content: string | Buffer, options: Partial<TraceOptions> = {}, name = "trace"): Promise<Trace> {
  const path = join(folder, name);
  writeFileSync(path, content);
  return readTrace(path, { loadTokenizer, ...options });
}

/** [id, arrival ns, prompt tokens, output tokens] */
function shortly(requests: readonly WorkloadRequest[]): unknown[] {
  return requests.map(({ id, arrivalNs, promptTokens, outputTokens }) => [id, arrivalNs, promptTokens, outputTokens]);
}

describe("the Azure CSV", () => {
  const header = "TIMESTAMP,ContextTokens,GeneratedTokens";

  test("keeps all 7 digits of a second, with CRLF and over midnight", async () => {
    const rows = [
      "2023-11-16 23:59:59.9999999,4808,10",
      "2023-11-17 00:00:00.0000001,3180,8",
      "2023-11-17 00:00:01,1,1",
    ];
    const { format, requests, notes } = await read([header, ...rows, ""].join("\r\n"));
    expect(format).toBe("azure");
    expect(notes).toEqual([]);
    expect(shortly(requests)).toEqual([
      ["0", 0, 4808, 10],
      ["1", 200, 3180, 8],
      ["2", 1_000_000_100, 1, 1],
    ]);
  });

  test("may have UTC offsets, as that of 2024 has", async () => {
    const rows = ["2024-05-10 00:00:00.009930+00:00,2162,5", "2024-05-10 01:00:00.009931+01:00,2399,6"];
    expect(shortly((await read([header, ...rows].join("\n"))).requests)).toEqual([
      ["0", 0, 2162, 5],
      ["1", 1000, 2399, 6],
    ]);
  });

  test("has rows without tokens left out and counted, the others keep their numbers", async () => {
    const text = `${header}\n2023-11-16 18:17:04,0,8\n2023-11-16 18:17:03,5,8\n2023-11-16 18:17:05,7,0\n`;
    const { requests, notes, rows } = await read(text);
    expect(shortly(requests)).toEqual([["1", 0, 5, 8]]);
    expect(rows).toBe(3);
    expect(notes).toEqual(["2 of 3 rows left out: 0 context or generated tokens"]);
  });

  test("is in order of arrival, ties in file order", async () => {
    const times = ["18:17:05", "18:17:03", "18:17:05", "18:17:04"];
    const { requests } = await read([header, ...times.map((time) => `2023-11-16 ${time},5,8`)].join("\n"));
    expect(requests.map(({ id }) => id)).toEqual(["1", "3", "0", "2"]);
  });

  test("is rejected with its line where a time or a number is none", async () => {
    const bad = (row: string) => read(`${header}\n2023-11-16 18:17:03,5,8\n${row}\n`);
    for (const time of ["18:17:03", "2023-13-01 00:00:00", "2023-02-30 00:00:00", "2023-11-16 24:00:00", "NaN", ""]) {
      await expect(bad(`${time},5,8`)).rejects.toThrow(
        /trace:3: TIMESTAMP: got .*, expected a time such as 2023-11-16/,
      );
    }
    await expect(bad("2023-11-16 18:17:03,-5,8")).rejects.toThrow(/:3: ContextTokens: got "-5", expected a whole/);
    await expect(bad("2023-11-16 18:17:03,5.5,8")).rejects.toThrow(/:3: ContextTokens: got "5.5"/);
    await expect(bad("2023-11-16 18:17:03,5,NaN")).rejects.toThrow(/:3: GeneratedTokens: got "NaN"/);
    await expect(bad("2023-11-16 18:17:03,5,")).rejects.toThrow(/:3: GeneratedTokens: got nothing/);
    await expect(bad("2023-11-16 18:17:03,5")).rejects.toThrow(/:3: got 2 fields, expected 3 .*may be truncated/);
    await expect(bad("2024-11-16 18:17:03,5,5")).rejects.toThrow(/after the first, expected at most 104 days/);
  });
});

describe("the BurstGPT CSV", () => {
  const header = "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type";

  test("is read by the names of its columns, failed requests are left out and counted", async () => {
    const rows = ["5,1,2,ChatGPT,472,18,490,Conversation log", '45.5,1,2,"GPT-4, new",1087,230,1317,API log'];
    const failed = "46,1,2,GPT-4,10,0,10,API log";
    const { format, requests, notes } = await read([header, ...rows, failed].join("\n"));
    expect(format).toBe("burstgpt");
    expect(shortly(requests)).toEqual([
      ["0", 0, 472, 18],
      ["1", 40.5e9, 1087, 230],
    ]);
    expect(notes).toEqual(["1 of 3 rows left out: 0 response tokens (failed requests)"]);
  });

  test("in which nothing was answered holds no requests", async () => {
    await expect(read(`${header}\n5,1,2,ChatGPT,472,0,472,API log\n`)).rejects.toThrow(
      /holds no requests: 1 of 1 rows left out: 0 response tokens/,
    );
  });

  test("is rejected with its line where a time is none", async () => {
    await expect(read(`${header}\nsoon,1,2,ChatGPT,4,2,6,API log\n`)).rejects.toThrow(
      /trace:2: Timestamp: got "soon", expected a number/,
    );
  });
});

describe("JSON lines of Mooncake and vLLM bench", () => {
  const line = (row: object): string => JSON.stringify(row);
  const row = { timestamp: 3000, input_length: 1053, output_length: 26, hash_ids: [0, 773, 774] };

  test("give one run of content for each block, the last with what is left", async () => {
    const { format, requests } = await read(
      `${line(row)}\n\n${line({ ...row, timestamp: 5999.5, hash_ids: [0, 1, 2] })}`,
    );
    expect(format).toBe("mooncake");
    expect(shortly(requests)).toEqual([
      ["0", 0, 1053, 26],
      ["1", 2_999_500_000, 1053, 26],
    ]);
    expect(requests.map(({ content }) => content)).toEqual([
      [
        [0, 512],
        [773, 512],
        [774, 29],
      ],
      [
        [0, 512],
        [1, 512],
        [2, 29],
      ],
    ]);
  });

  test("may have other blocks, other units and more keys, or no hash_ids", async () => {
    const bailian = { chat_id: 1, timestamp: 61.114, input_length: 33, output_length: 5, turn: 1, hash_ids: [7, 8, 9] };
    const later = { timestamp: 61.115, input_length: 4, output_length: 5 };
    const { requests } = await read(`${line(bailian)}\n${line(later)}`, { blockTokens: 16, secondsPerUnit: 1 });
    expect(requests[0]!.content).toEqual([
      [7, 16],
      [8, 16],
      [9, 1],
    ]);
    expect(requests[1]).toEqual({ id: "1", arrivalNs: 1_000_000, promptTokens: 4, outputTokens: 5 });
  });

  test("may count time from 1970", async () => {
    const since1970 = [1.7e12, 1.7e12 + 1].map((timestamp) => line({ ...row, timestamp }));
    expect((await read(since1970.join("\n"))).requests.map(({ arrivalNs }) => arrivalNs)).toEqual([0, 1e6]);
  });

  test("with a number of ids that does not fit the length names both and the option", async () => {
    await expect(read(line({ ...row, hash_ids: [0, 1] }))).rejects.toThrow(
      /trace:1: hash_ids: got 2 ids, expected 3 for input_length 1053 in blocks of 512 tokens; .*chunk_hash_size/,
    );
  });

  test("are rejected with their line where a key is missing or a value is of the wrong kind", async () => {
    const bad = (change: object) => read(`${line(row)}\n${line({ ...row, ...change })}\n`);
    await expect(bad({ output_length: undefined })).rejects.toThrow(
      /trace:2: no key output_length, got timestamp, input_length, hash_ids; expected timestamp, input_length, output_/,
    );
    await expect(bad({ timestamp: "3000" })).rejects.toThrow(/:2: timestamp: got "3000", expected a number/);
    await expect(bad({ timestamp: NaN })).rejects.toThrow(/:2: timestamp: got null/);
    await expect(bad({ input_length: -1 })).rejects.toThrow(/:2: input_length: got -1, expected a whole number/);
    await expect(bad({ input_length: 1.5 })).rejects.toThrow(/:2: input_length: got 1.5/);
    await expect(bad({ hash_ids: "0,1" })).rejects.toThrow(/:2: hash_ids: got "0,1", expected an array/);
    await expect(bad({ hash_ids: [0, "x", 2] })).rejects.toThrow(/:2: hash_ids: got "x"/);
    await expect(read(`${line(row)}\n{"timestamp": 3, "inp`)).rejects.toThrow(
      /:2: not JSON: .*; the file may be truncated/,
    );
    await expect(read(`${line(row)}\n[1]`)).rejects.toThrow(/:2: got \[1\], expected an object with timestamp/);
  });
});

describe("ShareGPT's JSON", () => {
  const words = (count: number): string => Array.from({ length: count }, (_, at) => `w${at}`).join(" ");
  const talk = (id: string, ...counts: number[]) => ({
    id,
    conversations: counts.map((count, at) => ({ from: at % 2 === 0 ? "human" : "gpt", value: words(count) })),
  });

  test("gives the first two turns of each conversation, with vLLM bench's limits, and no arrival times", async () => {
    const talks = [talk("a", 10, 20, 30), talk("b", 3, 20), talk("c", 4, 3), talk("d", 1025, 4), talk("e", 1024, 1025)];
    const { format, requests, rows, notes } = await read(
      JSON.stringify([...talks, talk("f", 1024, 1024), talk("g", 9)]),
    );
    expect(format).toBe("sharegpt");
    expect(shortly(requests)).toEqual([
      ["a", undefined, 10, 20],
      ["f", undefined, 1024, 1024],
    ]);
    expect(requests[0]!.prompt).toBe(words(10));
    expect(rows).toBe(7);
    expect(notes).toEqual([
      "1 of 7 rows left out: fewer than two turns",
      "2 of 7 rows left out: a prompt or answer below 4 tokens",
      "2 of 7 rows left out: a prompt above 1024 tokens, or above 2048 with the answer",
    ]);
  });

  test("is read no further than it is needed, and may hold brackets and quotes in its texts", async () => {
    const odd = { id: "a", conversations: [{ value: 'say "]}, {[\\" now\n x' }, { value: "a b c d" }] };
    const text = JSON.stringify([odd, talk("b", 9, 9)], null, 1);
    expect(shortly((await read(text)).requests)).toEqual([
      ["a", undefined, 5, 4],
      ["b", undefined, 9, 9],
    ]);
    expect((await read(`${text.slice(0, -5)}, nonsense`, { limit: 1 })).requests).toHaveLength(1);
  });

  test("with an id twice keeps both conversations apart", async () => {
    const { requests } = await read(JSON.stringify([talk("a", 9, 9), talk("a", 9, 9)]));
    expect(requests.map(({ id }) => id)).toEqual(["a", "#1"]);
  });

  test("is rejected with its line where it is cut short or has another form", async () => {
    const text = JSON.stringify([talk("a", 9, 9), talk("b", 9, 9)], null, 1);
    await expect(read(text.slice(0, -20))).rejects.toThrow(/trace:\d+: the JSON array does not end/);
    await expect(read('[\n{"id": "a"}]')).rejects.toThrow(
      /trace:2: conversations: got nothing, expected an array of turns/,
    );
    await expect(read('[{"conversations": [{"value": 3}]}]')).rejects.toThrow(/:1: conversations: got {"value":3}/);
    await expect(read('[{"conversations": [}]')).rejects.toThrow(/trace:1: /);
    await expect(read("[\n]")).rejects.toThrow(/JSON array of texts|holds no requests/);
    await expect(read('["a", "b"]')).rejects.toThrow(
      /is a JSON array of texts, expected a trace; give prompts as --prompts/,
    );
  });
});

describe("servesim's own CSV", () => {
  const header = "arrival_ms,prompt_tokens,output_tokens,request_id,priority";

  test("may have ids and priorities", async () => {
    const { requests } = await read(`${header}\n0.5,5,3,a,2\n1,5,3,,-1\n1,5,3,c,\n`);
    expect(requests).toEqual([
      { id: "a", arrivalNs: 500_000, promptTokens: 5, outputTokens: 3, priority: 2 },
      { id: "1", arrivalNs: 1_000_000, promptTokens: 5, outputTokens: 3, priority: -1 },
      { id: "c", arrivalNs: 1_000_000, promptTokens: 5, outputTokens: 3 },
    ]);
    await expect(read(`${header}\n0.5,5,3,a,high\n`)).rejects.toThrow(/trace:2: priority: got "high", expected number/);
    await expect(read(`${header},odd\n0.5,5,3,a,1,x\n`)).rejects.toThrow(/trace:2: odd: unknown key "odd"/);
  });
});

test("a run folder's answered requests are a trace from the first of them", async () => {
  const run = join(folder, "run");
  mkdirSync(run);
  const rows = ["a,10,10,20,5,3,ok", "b,12.000001,12,,5,0,refused", "c,12.000001,12,20,5,3,ok"];
  const csv = ["request_id,arrival_ms,sent_ms,first_token_ms,prompt_tokens,output_tokens,status", ...rows].join("\n");
  writeFileSync(join(run, "requests.csv.gz"), gzipSync(csv));
  const { format, requests, notes } = await readTrace(run, { loadTokenizer });
  expect(format).toBe("run");
  expect(shortly(requests)).toEqual([
    ["a", 0, 5, 3],
    ["c", 2_000_001, 5, 3],
  ]);
  expect(notes).toEqual(['1 of 3 rows left out: not "ok", or 0 tokens']);
  await expect(readTrace(folder, { loadTokenizer })).rejects.toThrow(/is a folder without requests.csv/);
});

describe("a trace", () => {
  const whole = "arrival_ms,prompt_tokens,output_tokens\n0,5,3\n7,5,3\n";

  test("may be gzip under any name", async () => {
    expect((await read(gzipSync(whole), {}, "plain.csv")).requests).toHaveLength(2);
  });

  test("that is cut gzip, empty or missing is rejected with its name", async () => {
    await expect(read(gzipSync(whole).subarray(0, 30), {}, "cut.csv.gz")).rejects.toThrow(
      /cannot read .*cut\.csv\.gz: .*unexpected end of file/,
    );
    await expect(read(whole, {}, "no.csv.gz")).rejects.toThrow(/cannot read .*no\.csv\.gz: .*incorrect header check/);
    await expect(read("")).rejects.toThrow(/is empty, expected a trace of requests/);
    await expect(read(" \n")).rejects.toThrow(ArtifactError);
    await expect(readTrace(join(folder, "nope"), { loadTokenizer })).rejects.toThrow(
      /cannot read .*nope: no such file/,
    );
  });

  test("of unknown columns names those it has and the known formats", async () => {
    await expect(read("a,b\n1,2\n")).rejects.toThrow(
      /trace:1: got columns a, b, which fit no known format: azure \(CSV/,
    );
    await expect(read("arrival_ms,arrival_ms\n1,2\n")).rejects.toThrow(/two columns are called "arrival_ms"/);
  });

  test("is read as the format that is asked for, or rejected", async () => {
    expect((await read(whole, { format: "csv" })).format).toBe("csv");
    await expect(read(whole, { format: "azure" })).rejects.toThrow(
      /trace:1: no column TIMESTAMP, ContextTokens, GeneratedTokens, got arrival_ms/,
    );
    await expect(read(whole, { format: "timed_trace" })).rejects.toThrow(/trace:1: not JSON/);
    await expect(read(whole, { format: "sharegpt" })).rejects.toThrow(ArtifactError);
  });
});
