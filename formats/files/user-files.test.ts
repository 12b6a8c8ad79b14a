import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ArtifactError, ConfigError } from "../index.js";
import {
  makeFolder,
  readExperiment,
  readJsonLines,
  readOriginalCsv,
  readProfile,
  readPrompts,
  readTrace,
  writeExperiment,
  writeJson,
  writeProfile,
} from "./index.js";

const exampleProfile = "examples/original-suite/profile.json";
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-files-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function profileWith(change: (text: string) => string): string {
  return file("profile.json", change(readFileSync(exampleProfile, "utf8")));
}

describe("a profile", () => {
  test("is read back as it was written", () => {
    const profile = readProfile(exampleProfile);
    const path = join(folder, "new", "profile.json");
    writeProfile(path, profile);
    expect(readProfile(path)).toEqual(profile);
    expect(readdirSync(join(folder, "new"))).toEqual(["profile.json"]);
  });

  test("of another version, or of none, is rejected before anything else", () => {
    expect(() => readProfile(profileWith((text) => text.replace('"version": 1', '"version": 7, "odd": 1')))).toThrow(
      /profile version 7, this servesim reads version 1; calibrate again/,
    );
    for (const text of ["{}", "[]", "null", "3"]) {
      expect(() => readProfile(file("none.json", text))).toThrow(/profile version is missing/);
    }
  });

  test("with a coefficient that is negative, null or text is rejected with its path", () => {
    const bad = (value: string) =>
      profileWith((text) => text.replace('"coefficient_ns": 6177734', `"coefficient_ns": ${value}`));
    expect(() => readProfile(bad("-1"))).toThrow(
      /cost\.prefill\[0\]\.coefficient_ns: got -1, expected number to be >=0/,
    );
    expect(() => readProfile(bad("null"))).toThrow(/cost\.prefill\[0\]\.coefficient_ns: got null, expected number/);
    expect(() => readProfile(bad('"NaN"'))).toThrow(/coefficient_ns: got "NaN", expected number/);
    expect(() => readProfile(bad("1e999"))).toThrow(/coefficient_ns: got Infinity/);
    expect(() => readProfile(bad("NaN"))).toThrow(/is not JSON/);
  });

  test("with a number that no machine has is rejected with its path: its simulation would never end, or end as a bug", () => {
    const bad = (from: string, to: string) => () => readProfile(profileWith((text) => text.replace(from, to)));
    expect(bad('"coefficient_ns": 6177734', '"coefficient_ns": 1e308')).toThrow(
      /cost\.prefill\[0\]\.coefficient_ns: got 1e\+308, expected number to be <=1000000000000$/,
    );
    expect(bad('"total_bytes": ', '"total_bytes": 1e300, "x": ')).toThrow(/memory\.total_bytes: got 1e\+300/);
    const server = JSON.parse(readFileSync("profiles/h100-llama-3.1-8b-vllm-0.26.json", "utf8")) as {
      cost: { jitter: { pace: { states: object[] }; gpu: { quantiles: unknown[] } }; front_end: object };
      held_out_runs: { metrics: object }[];
    };
    Object.assign(server.cost.jitter.pace.states[0]!, { memory_ns: 1e-300 });
    Object.assign(server.cost.jitter.gpu.quantiles, { 1: [0.5, 1e308] });
    Object.assign(server.cost.front_end, { request_hops: 1e11 });
    Object.assign(server.held_out_runs[0]!.metrics, { p99_ttft_ms: { real: 1e308, sim: 1, error: 0 } });
    const read = (): unknown => readProfile(file("server.json", JSON.stringify(server)));
    for (const place of ["memory_ns", "gpu.quantiles[1][1]", "request_hops", "p99_ttft_ms.real"])
      expect(read).toThrow(`${place}: got`);
  });

  test("with a misspelt key is rejected with the nearest known one", () => {
    expect(() => readProfile(profileWith((text) => text.replace('"cold_start_ns"', '"cold_strat_ns"')))).toThrow(
      /cost\.cold_strat_ns: unknown key "cold_strat_ns", did you mean "cold_start_ns"\?/,
    );
  });

  test("that is truncated, empty, missing or a folder is an ArtifactError that names the file", () => {
    expect(() => readProfile(profileWith((text) => text.slice(0, 700)))).toThrow(/profile\.json is not JSON/);
    expect(() => readProfile(file("empty.json", ""))).toThrow(/empty\.json is not JSON/);
    expect(() => readProfile(join(folder, "nope.json"))).toThrow(/cannot read .*nope\.json: no such file/);
    expect(() => readProfile(folder)).toThrow(/it is a folder/);
    expect(() => readProfile(folder)).toThrow(ArtifactError);
  });

  test("may begin with a byte order mark", () => {
    expect(readProfile(profileWith((text) => `\uFEFF${text}`))).toEqual(readProfile(exampleProfile));
  });
});

describe("an experiment", () => {
  const whole = `version: 1
name: small
profile: profile.json
policies:
  - policy: naive
    batch_size: 4
loads:
  - num_prompts: 8
    max_concurrency: 2
`;
  const read = (text: string) => readExperiment(file("experiment.yaml", text));

  test("gets its defaults, and is read back as it was written", () => {
    const experiment = read(whole);
    expect(experiment).toMatchObject({ seed: "1", num_runs: 1, loads: [{ output_len: 20, burstiness: 1 }] });
    const path = join(folder, "again.yaml");
    writeExperiment(path, experiment);
    expect(readExperiment(path)).toEqual(experiment);
  });

  test("with a misspelt key is rejected with its line and the nearest known one", () => {
    expect(() => read(whole.replace("max_concurrency", "max_concurency"))).toThrow(
      /experiment\.yaml:9: loads\[0\]\.max_concurency: unknown key "max_concurency", did you mean "max_concurrency"\?/,
    );
    expect(() => read(whole.replace("num_prompts", "zebra"))).toThrow(/:8: .*unknown key "zebra" \(known: label/);
  });

  test("without cells, or with neither profile nor calibration, says what is missing", () => {
    expect(() => read(whole.slice(0, whole.indexOf("loads")))).toThrow(/at least one cell: give policies and loads/);
    expect(() => read(whole.replace("profile: profile.json\n", ""))).toThrow(/expected "profile" .* or "calibrate"/);
  });

  test("with several mistakes names each with its line", () => {
    expect(() => read(whole.replace(": 8", ": 0").replace(": 2", ": many"))).toThrow(
      /2 problems:\n {2}.*:8: loads\[0\]\.num_prompts: got 0.*\n {2}.*:9: loads\[0\]\.max_concurrency: got "many"/,
    );
  });

  test("that is empty, a list, text or no YAML is a ConfigError", () => {
    for (const text of ["", "- a\n", "hello\n", "a: [1\n", "name: x\nname: y\n", "\u0000\u0001:\t{"]) {
      expect(() => read(text)).toThrow(ConfigError);
    }
    expect(() => read("a: 1\nname: x\nname: y\n")).toThrow(/experiment\.yaml:3: not YAML: Map keys must be unique$/);
  });

  test("has a name that stays inside the results folder", () => {
    for (const name of ["..", ".", ".hidden", "a/b", "''"]) {
      expect(() => read(whole.replace("small", name))).toThrow(/:2: name: got /);
    }
  });

  test("has times that fit the clock", () => {
    expect(() => read(`${whole}    think_time_s: 1e300\n`)).toThrow(/:10: loads\[0\]\.think_time_s: got 1e\+300/);
  });
});

describe("a workload CSV", () => {
  const loadTokenizer = () => Promise.reject(new Error("a CSV has no texts"));
  const read = async (text: string) => {
    return (await readTrace(file("workload.csv", text), { format: "csv", loadTokenizer })).requests;
  };
  const header = "arrival_ms,prompt_tokens,output_tokens";

  test("is sorted by arrival, ties in file order, ids from the row where none is given", async () => {
    expect((await read(`${header}\n2,5,3\n0.000001,6,3\n2,7,3\n`)).map(({ id, arrivalNs }) => [id, arrivalNs])).toEqual(
      [
        ["1", 1],
        ["0", 2e6],
        ["2", 2e6],
      ],
    );
  });

  test("with a request_id twice names both lines", async () => {
    await expect(read(`${header},request_id\n0,5,3,a\n\n1,5,3,a\n`)).rejects.toThrow(
      /workload\.csv:4: request_id "a" is also on line 2/,
    );
  });

  test("is rejected with its line where a value is missing, wrong, negative or out of range", async () => {
    await expect(read(`${header}\n0,5,\n`)).rejects.toThrow(/:2: output_tokens: got nothing, expected number/);
    await expect(read(`${header}\n0,5,x\n`)).rejects.toThrow(/:2: output_tokens: got "x", expected number/);
    await expect(read(`${header}\n0,5,0\n`)).rejects.toThrow(/:2: output_tokens: got "0", expected number to be >0/);
    await expect(read(`${header}\n-1,5,3\n`)).rejects.toThrow(/:2: arrival_ms: got "-1"/);
    await expect(read(`${header}\nNaN,5,3\n`)).rejects.toThrow(/:2: arrival_ms: got "NaN"/);
    await expect(read(`${header}\n1e300,5,3\n`)).rejects.toThrow(
      /:2: arrival_ms: got "1e300", expected number to be <=/,
    );
  });

  test("is rejected where it is empty, has no rows, is cut short or has an open quote", async () => {
    await expect(read("")).rejects.toThrow(/is empty, expected a header line with arrival_ms/);
    await expect(read(`${header}\n`)).rejects.toThrow(/holds no requests/);
    await expect(read(`${header}\n0,5,3\n1,5`)).rejects.toThrow(/:3: got 2 fields, expected 3/);
    await expect(read(`${header}\n0,"5,3\n`)).rejects.toThrow(/:2: not CSV/);
  });

  test("may have quoted commas, CRLF and a byte order mark", async () => {
    const requests = await read(`\uFEFF${header},request_id\r\n0,5,3,"a,b"\r\n1,5,3,"c ""d"""\r\n`);
    expect(requests.map(({ id }) => id)).toEqual(["a,b", 'c "d"']);
  });
});

describe("a file of prompts", () => {
  const read = (text: string) => readPrompts(file("prompts.json", text));

  test("is an array of texts", () => {
    expect(read('["a", "b c"]')).toEqual(["a", "b c"]);
  });

  test("that is empty, no array, or has a blank prompt is rejected", () => {
    expect(() => read("")).toThrow(/prompts\.json is not JSON/);
    expect(() => read("[]")).toThrow(/prompts\.json: got \[\], expected array to have >=1 items/);
    expect(() => read('{"a": 1}')).toThrow(/got \{"a":1\}, expected array/);
    expect(() => read('["a", "  "]')).toThrow(
      /prompts\.json: \[1\]: got " {2}", expected a prompt with at least one word/,
    );
    expect(() => read('["a", 3]')).toThrow(/\[1\]: got 3, expected string/);
  });
});

describe("a CSV of the original suite", () => {
  const header = "scheduler_type,run_num,seq,latency,ttft,tokens_per_sec,output_tokens,output_prompt";
  const read = (text: string) => readOriginalCsv(file("original.csv", text));

  test("is read with answers of several lines", async () => {
    expect(await read(`${header}\nnaive,1,1,0.5,0.1,40,20,"one\ntwo, three"\n`)).toMatchObject([
      { scheduler_type: "naive", run_num: 1, latency: 0.5, status: "ok", output_prompt: "one\ntwo, three" },
    ]);
  });

  test("names the line of a bad value after such an answer", async () => {
    await expect(read(`${header}\nnaive,1,1,0.5,0.1,40,20,"a\nb"\nnaive,1,2,fast,0.1,40,20,x\n`)).rejects.toThrow(
      /original\.csv:4: latency: got "fast", expected number/,
    );
    await expect(read(`${header}\n`)).rejects.toThrow(/holds no rows/);
  });
});

test("text in UTF-16, or with CR alone as line ends, is told from damaged text", async () => {
  const utf16 = Buffer.concat([
    Buffer.from([0xff, 0xfe]),
    Buffer.from(readFileSync(exampleProfile, "utf8"), "utf16le"),
  ]);
  const path = join(folder, "utf16.json");
  writeFileSync(path, utf16);
  expect(() => readProfile(path)).toThrow(/utf16\.json is UTF-16, expected UTF-8: iconv/);
  const loadTokenizer = () => Promise.reject(new Error("not needed"));
  const trace = (name: string, bytes: Buffer) => {
    writeFileSync(join(folder, name), bytes);
    return readTrace(join(folder, name), { loadTokenizer });
  };
  const csv = "arrival_ms,prompt_tokens,output_tokens\n0,1,1\n";
  await expect(trace("t.csv", Buffer.from(`\uFEFF${csv}`, "utf16le"))).rejects.toThrow(/t\.csv is UTF-16/);
  await expect(trace("t.csv", Buffer.from(csv.replaceAll("\n", "\r")))).rejects.toThrow(/lines end with CR only/);
  await expect(trace("t.csv", Buffer.from("a\0b\n"))).rejects.toThrow(/t\.csv is not text/);
  await expect(trace("t.csv", Buffer.from("\n"))).rejects.toThrow(/t\.csv is empty/);
});

test.each(["/proc/servesim-test/a/x.json", "/proc/servesim-test.json"])(
  "writing %s ends, with a ConfigError",
  (path) => {
    expect(() => {
      writeJson(path, {});
    }).toThrow(/cannot write \/proc\/servesim-test/);
  },
);

test("folders are made as far as they are not there", () => {
  const nested = join(folder, "made", "nested");
  expect(makeFolder(nested)).toBe(join(folder, "made"));
  expect(makeFolder(nested)).toBeUndefined();
  expect(makeFolder(join(nested, "below"))).toBe(join(nested, "below"));
  expect(makeFolder("/")).toBeUndefined();
  expect(() => makeFolder(join(file("plain-too", ""), "below"))).toThrow(/ENOTDIR|EEXIST/);
});

describe("a file of JSON lines", () => {
  const lines = async (path: string, isWhole = false): Promise<unknown[]> => {
    const found: unknown[] = [];
    for await (const { value } of readJsonLines(path, "a row", { isWhole })) found.push(value);
    return found;
  };

  test("may have a torn last line, unless it was written whole", async () => {
    const path = file("torn.jsonl", '{"a":1}\n{"a"');
    expect(await lines(path)).toEqual([{ a: 1 }]);
    await expect(lines(path, true)).rejects.toThrow(/torn\.jsonl:2: not JSON, expected a row/);
  });

  test("nested without end, or no file at all, is an ArtifactError", async () => {
    const deep = file("deep.jsonl", `${"[".repeat(1e5)}${"]".repeat(1e5)}\n{}\n`);
    await expect(lines(deep)).rejects.toThrow(/deep\.jsonl:1: not JSON/);
    await expect(lines(folder)).rejects.toThrow(/it is a folder/);
    await expect(lines("/proc/self/mem")).rejects.toThrow(ArtifactError);
  });
});

test("writing where a part of the path is a file is a ConfigError", () => {
  const path = join(file("plain", ""), "below", "x.json");
  expect(() => {
    writeJson(path, {});
  }).toThrow(ConfigError);
  expect(() => {
    writeJson(folder, {});
  }).toThrow(/cannot write .*; choose a folder you may write to/);
  expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});
