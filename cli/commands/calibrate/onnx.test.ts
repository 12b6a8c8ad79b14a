/** calibrate and bench on ONNX Runtime as users meet them: what flags reach, and what becomes of bad input. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readProfile } from "../../../formats/files/index.js";
import { type Ended, servesimIn } from "../../../test/support/servesim-process.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-calibrate-cli-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const servesim = (...words: string[]): Promise<Ended> => servesimIn(folder, words);
const bench = (...words: string[]): Promise<Ended> =>
  servesim("bench", "--policy", "naive", "--batch-size", "4", "--timeout", "0.02", "--num-prompts", "6", "--output-len", "5", ...words); // prettier-ignore

const grid = "--batch-sizes 1,2,4,8 --prompt-tokens 4,16,48 --decode-steps 4,16 --repeats 2 --max-repeats 2".split(" ");
const rawPath = (): string => join(folder, "tiny.measurements.csv");

/** Replaces the measured times by those that `timesMs` gives, so that the outcome does not hang on the machine. */
function rewriteTimes(timesMs: (batch: number, prompt: number, steps: number, row: number) => [number, number]): void {
  const [header, ...rows] = readFileSync(rawPath(), "utf8").trim().split("\n");
  const rewritten = rows.map((row, at) => {
    const fields = row.split(",");
    const [prefill, decode] = timesMs(Number(fields[0]), Number(fields[1]), Number(fields[2]), at);
    const wall = prefill + decode + 0.2;
    return [...fields.slice(0, 5), prefill, decode, wall, 0.2, ...fields.slice(9)].join(",");
  });
  writeFileSync(rawPath(), `${[header, ...rewritten].join("\n")}\n`);
}

describe("calibrate onnx", () => {
  const words = ["calibrate", "onnx", "--model", "tiny", "--fused", "--top-k", "20", ...grid, "--output", "tiny.json"];

  test("measures, keeps what it measured, and plots the residuals beside it", async () => {
    const { code, stderr } = await servesim(...words, "--budget", "60s");
    // Times of a machine that is busy with other tests may well be rejected.
    expect([0, 4]).toContain(code);
    expect(stderr).toContain("tiny.measurements.csv");
    expect(readFileSync(join(folder, "tiny.residuals.svg"), "utf8")).toContain("held out of the fit");
    expect(existsSync(join(folder, "tiny.json"))).toBe(code === 0);
  });

  test("on times that the terms can say, writes the profile, tells the largest batch, and tries it on the machine", async () => {
    rewriteTimes((batch, prompt, steps) => [1 + 0.2 * batch * prompt, steps * (2 + 0.5 * batch)]);
    rmSync(join(folder, "tiny.json"), { force: true });
    const { code, stdout } = await servesim(...words, "--budget", "60s", "--resume", "--probe-oom", "--memory-limit-mib", "600"); // prettier-ignore
    expect(code).toBe(0);
    expect(stdout).toMatch(/largest batch of 48 prompt and 17 output tokens: \d+ rows fit into/);
    const profile = readProfile(join(folder, "tiny.json"));
    expect(profile.held_out!.batch.median_ape).toBeLessThan(0.02);
    expect(profile.model.name).toBe("tiny+fused");
    const settings: Readonly<Record<string, unknown>> = profile.engine.settings;
    const { sampling, max_repeats, probe_oom } = settings;
    expect({ sampling, max_repeats }).toEqual({ sampling: { temperature: 1, topK: 20 }, max_repeats: 2 });
    const { fits_rows: fits, fails_rows: fails } = probe_oom as Record<string, number>;
    expect(fits).toBeGreaterThan(0);
    expect(fails).toBeGreaterThan(fits!);
    expect(stdout).toContain(`a batch of ${fits!} rows of 48 prompt and 17 output tokens ran, ${fails!} did not`);
  });

  test("on times that they cannot say, exits 4 with the reasons, and leaves no profile", async () => {
    rewriteTimes((batch, prompt, steps) => [
      1 + 400 * ((batch * 7 + prompt) % 5),
      steps * (1 + 90 * ((batch * prompt) % 3)),
    ]);
    rmSync(join(folder, "tiny.json"));
    const { code, stdout, stderr } = await servesim(...words, "--budget", "60s", "--resume");
    expect(stderr).toMatch(/error: no profile was written: the fit misses unseen batches by \d+\.\d %/);
    expect(stderr).toMatch(/measurements are kept in tiny\.measurements\.csv/);
    expect(stdout).toBe("");
    expect(code).toBe(4);
    expect(existsSync(join(folder, "tiny.json"))).toBe(false);
    const accepted = await servesim(...words, "--budget", "60s", "--resume", "--accept-rejected");
    expect(accepted.stderr).toMatch(/warning: do not trust this profile: the fit misses unseen batches by \d+\.\d %/);
    expect(readProfile(join(folder, "tiny.json")).notes![0]).toMatch(/^the fit misses unseen batches/);
  });
});

describe("bench", () => {
  test("repeats and samples: each run has its folder, and the same seeds give the same tokens", async () => {
    const { code, stdout } = await bench("--model", "tiny", "--temperature", "0.9", "--num-runs", "2", "--save-detailed", "--output", "run"); // prettier-ignore
    expect(code).toBe(0);
    expect(stdout).toMatch(/before the run: model loaded in .* ms, first batch .* ms, then .* ms/);
    const answers = (name: string): string[] =>
      readFileSync(join(folder, name, "requests.csv"), "utf8")
        .trim()
        .split("\n")
        .map((row) => row.split(",").at(-1)!);
    expect(answers("run")[0]).toBe("output_token_ids");
    expect(answers("run")).toHaveLength(7);
    expect(answers("run-r2")).toEqual(answers("run"));
    expect(answers("run")[1]).toMatch(/^\d+( \d+){4}$/);
  });

  const mistakes: [string, () => string[], RegExp][] = [
    ["weights that are not there", () => ["--weights", "none.safetensors"], /cannot read weights "none\.safetensors"/],
    ["weights that do not fit", () => ["--weights", safetensors()], /weights .* do not fit model "tiny": "wte\.weight" is \[3, 2\], expected \[512, 32\]; "wpe\.weight" is missing/], // prettier-ignore
    ["a fused Llama", () => ["--model", "llama-tiny", "--fused"], /no fused form of a Llama-style decoder/],
    ["an ONNX file without the inputs", () => ["--model", graphPath()], /inputs missing: attention_mask, past_key_values\.0\.key/],
    ["an ONNX file that is none", () => ["--model", write("no.onnx", "not a graph")], /no\.onnx/],
    ["a top-p above 1", () => ["--top-p", "1.5"], /--top-p: got 1\.5/],
    ["answers without a place", () => ["--save-detailed"], /--save-detailed keeps answers in the run's folder/],
  ]; // prettier-ignore
  test.each(mistakes)("%s: one message, exit 2", async (_, words, message) => {
    const { code, stdout, stderr } = await bench("--model", "tiny", ...words());
    expect(stderr).toMatch(message);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  test("a full disk while the model is written leaves nothing of it", async () => {
    const words = ["bench", "--policy", "naive", "--model", "mini", "--num-prompts", "4"];
    const { code, stderr } = await servesimIn(folder, words, "ulimit -f 64");
    expect(stderr).toMatch(
      /^error: cannot build the model in cache folder .* choose a writable folder with enough space/,
    );
    expect(code).toBe(2);
    expect(readdirSync(join(folder, "cache")).filter((name) => name.startsWith("mini"))).toEqual([]);
  });

  test("a cached model that was changed is rejected with the folder to delete", async () => {
    const cached = readdirSync(join(folder, "cache")).find((name) => name.startsWith("tiny-"))!;
    const weights = join(folder, "cache", cached, "weights.bin");
    const bytes = readFileSync(weights);
    bytes[1000]! ^= 1;
    writeFileSync(weights, bytes);
    const { code, stderr } = await bench("--model", "tiny");
    expect(stderr).toMatch(/cached model .* is damaged: weights\.bin does not have the sha256 .* delete this folder/);
    expect(code).toBe(2);
    rmSync(join(folder, "cache", cached), { recursive: true });
  });

  const hasGpu = spawnSync("nvidia-smi").status === 0;
  (hasGpu ? test.skip : test)("without a GPU, cuda is rejected and never the CPU used instead", async () => {
    for (const command of [bench, (...words: string[]) => servesim("calibrate", "onnx", ...words)]) {
      const { code, stdout, stderr } = await command("--model", "gpt2", "--device", "cuda");
      expect(stderr).toMatch(/^error: device "cuda" is not available: .* "servesim setup cuda"/m);
      expect(stdout).toBe("");
      expect(code).toBe(3);
    }
  });
});

function write(name: string, text: string | Buffer): string {
  writeFileSync(join(folder, name), text);
  return name;
}

/** A checkpoint with one tensor, misshapen. */
function safetensors(): string {
  const header = Buffer.from(JSON.stringify({ "wte.weight": { dtype: "F32", shape: [3, 2], data_offsets: [0, 24] } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.byteLength));
  return write("bad.safetensors", Buffer.concat([length, header, Buffer.alloc(24)]));
}

/** A graph of a cached model, which is no export of a decoder. */
function graphPath(): string {
  const cached = readdirSync(join(folder, "cache")).find((name) => name.startsWith("tiny-"))!;
  return join(folder, "cache", cached, "prefill.onnx");
}
