/** Questions about a deployment as users ask them: an answer on the standard output, in a file and as a chart; exit codes; Ctrl-C. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Answer, answerSchema, verificationSchema } from "../../formats/index.js";
import { startFakeVllm } from "../../test/support/fake-vllm.js";
import { servesimIn, signalWhen, startServesimIn } from "../../test/support/servesim-process.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-questions-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const words = (line: string): string[] => line.split(" ");
const answerIn = (name: string): Answer => answerSchema.parse(JSON.parse(readFileSync(join(folder, name), "utf8")));
const small = "--profile mini-cpu-2core --dataset-name fixed --input-len 20 --output-len 10";

test("capacity: the answer printed is the answer written, and it keeps to its schema", async () => {
  const { code, stdout, stderr } = await servesimIn(
    folder,
    words(
      `capacity --policy naive ${small} --num-prompts 400 --slo mean_e2el:300 --replications 2 --json -o a.json --chart a.svg --page a.html`,
    ),
  );
  expect([stderr.includes("error"), code]).toEqual([false, 0]);
  expect(readFileSync(join(folder, "a.html"), "utf8")).toMatch(
    /<p class="headline">naive takes up to .* within mean_e2el ≤ 300.ms/,
  );
  expect(answerSchema.parse(JSON.parse(stdout))).toEqual(answerIn("a.json"));
  expect(answerIn("a.json").commands.reproduce).toMatch(/^servesim capacity --policy naive .* --replications 2$/);
  expect(readFileSync(join(folder, "a.svg"), "utf8")).toMatch(/^<svg .*mean_e2el/);
});

test("capacity: a goal that no load meets, or not the load asked about, ends with exit code 4 and an answer", async () => {
  const line = `capacity --policy naive ${small} --num-prompts 400 --replications 2`;
  const never = await servesimIn(folder, words(`${line} --slo mean_e2el:0.5 -o a.json`));
  expect(never.stderr).toMatch(/^error: mean_e2el <= 0.5 ms cannot be met at any load$/m);
  expect([never.code, answerIn("a.json").verdict]).toEqual([4, "cannot_be_met"]);
  const much = await servesimIn(folder, words(`${line} --slo mean_e2el:300 --at-rate 10000`));
  expect(much.stderr).toMatch(/^error: mean_e2el <= 300 ms is not met at 10000 requests\/s$/m);
  expect(much.code).toBe(4);
});

test("capacity: Ctrl-C leaves nothing behind, half-written or whole", async () => {
  const line = `capacity --policy vllm ${small} --num-prompts 20000 --slo p99_ttft:300 -o a.json --chart a.svg`;
  const started = startServesimIn(folder, words(line));
  // In the search, as a rule; before it there is even less to leave behind.
  const soonMs = performance.now() + 1500;
  const { code, signal } = await signalWhen(started, "SIGINT", () => performance.now() > soonMs);
  expect(code === 130 || signal === "SIGINT").toBe(true);
  expect(readdirSync(folder).filter((name) => name.startsWith("a."))).toEqual([]);
});

test("whatif: several changes, flags given twice count once, a goal that is missed after them ends with exit code 4", async () => {
  const { code, stdout, stderr } = await servesimIn(
    folder,
    words(
      `whatif --policy naive ${small} --batch-size 2 --batch-size 4 --request-rate 20 --num-prompts 200 --replications 2 ` +
        "--change request_rate=x20 --change batch_size=1 --slo mean_e2el:400 -o a.json --chart a.svg",
    ),
  );
  expect(stderr).toMatch(/^error: mean_e2el <= 400 ms is not met after the change$/m);
  expect(stdout).toMatch(/^change: request_rate 20 -> 400, batch_size 4 -> 1$/m);
  expect(code).toBe(4);
  expect(answerIn("a.json")).toMatchObject({ question: { name: "whatif" }, goal_verdicts: { after: "no" } });
  expect(readFileSync(join(folder, "a.svg"), "utf8")).toContain("mean_e2el_ms");
});

test("explain: a simulated run's folder says what it was; flags of another load beside it are rejected", async () => {
  const load = "--dataset-name fixed --input-len 20 --output-len 10 --request-rate 20 --num-prompts 60";
  const base = `--policy vllm --profile h100-llama-3.1-8b-vllm-0.26 --max-num-seqs 1 ${load}`;
  expect((await servesimIn(folder, words(`simulate ${base} --replications 1 --output run`))).code).toBe(0);
  const line = "explain run --statistic mean_ttft --replications 2 -o a.json --chart a.svg";
  const { code, stdout, stderr } = await servesimIn(folder, words(line));
  expect([stderr.includes("error"), code]).toEqual([false, 0]);
  expect(stdout).toMatch(/waiting for a slot \(max_num_seqs\)/);
  expect(stdout).toMatch(/^reproduce: servesim explain run --statistic mean_ttft --replications 2$/m);
  expect(answerIn("a.json")).toMatchObject({ question: { name: "explain" }, binds: { resource: "seats" } });
  expect(readFileSync(join(folder, "a.svg"), "utf8")).toContain("waiting for a slot");
  const one = await servesimIn(folder, words("explain run --request 30"));
  expect(one.stdout).toMatch(
    /^request 30: 20 prompt and 10 output tokens, came at .* waiting for a slot.* slower than/s,
  );
  const both = await servesimIn(folder, words("explain run --request 30 --chart b.svg"));
  expect(both.stderr).toMatch(/^error: --chart is not for --request, which only prints; leave it out/);
  const mistake = await servesimIn(folder, words("explain run --request-rate 5"));
  expect(mistake.stderr).toMatch(/^error: --request-rate: run records this itself, leave the flag out/);
  expect(mistake.code).toBe(2);
});

describe("verify", () => {
  const capacity =
    "capacity --policy vllm --profile h100-llama-3.1-8b-vllm-0.26 --dataset-name fixed --input-len 20 --output-len 4 " +
    "--slo mean_ttft:200 --num-prompts 300 --max-num-seqs 16 --replications 4 -o a.json";

  test("a server that is far slower than its profile proves the answer wrong: exit code 4, with what was measured", async () => {
    const server = await startFakeVllm({ script: () => ({ firstMs: 400 }) });
    try {
      expect((await servesimIn(folder, words(capacity))).code).toBe(0);
      expect(answerIn("a.json").commands.check).toBe("servesim verify a.json --base-url URL");
      const line = `verify a.json --base-url ${server.baseUrl} --num-prompts 60`;
      const { code, stdout, stderr } = await servesimIn(folder, words(line));
      const found = verificationSchema.parse(JSON.parse(readFileSync(join(folder, "a.verified.json"), "utf8")));
      expect(found.loads[0]).toMatchObject({ predicted: "safe", measured: "missed", worst: { name: "mean_ttft" } });
      // Where the machine was busy with something else during this load, a run that is slower refutes nothing.
      if (found.loads[0]!.verdict === "cannot tell") {
        expect(found.notes.join("\n")).toContain("disturbed");
        // Another load, which was not disturbed, proves it all the same.
        const isProven = found.loads.some(({ predicted, verdict }) => predicted !== null && verdict === "differs");
        if (isProven) expect([found.verdict, code]).toEqual(["wrong", 4]);
        else expect(found.verdict).toBe("cannot tell");
      } else {
        expect(stderr).toMatch(
          /^error: a.json is wrong on this server: at [\d.]+ requests\/s the goals were missed \(mean_ttft/m,
        );
        expect(stdout).toMatch(/expected met, was missed \(mean_ttft .*: differs$/m);
        expect([found.verdict, code]).toEqual(["wrong", 4]);
      }
      expect(readdirSync(join(folder, found.loads[0]!.run!))).toContain("run.json");
    } finally {
      await server.close();
    }
  });

  test("no server, an answer that is none, and flags of the other backend are mistakes with a remedy", async () => {
    const { stdout } = await servesimIn(folder, words(capacity));
    expect(stdout).toContain("check:     servesim verify a.json --base-url URL");
    const missing = await servesimIn(folder, words("verify a.json"));
    expect(missing.stderr).toMatch(/^error: a vLLM server is verified at its --base-url/);
    const other = await servesimIn(folder, words("verify a.json --backend onnx"));
    expect(other.stderr).toMatch(/^error: profile "h100.*" is of a vLLM server, verify it at its --base-url/);
    const unreachable = await servesimIn(folder, words("verify a.json --base-url http://127.0.0.1:9"));
    expect([missing.code, other.code, unreachable.code]).toEqual([2, 2, 3]);
  });
});

test("examples/static-batches.sh: both sides of a change are run here, under naive and under dynamic", () => {
  const servesim = `${process.execPath} ${resolve("dist/cli/main.js")}`;
  const example = [resolve("examples/static-batches.sh"), "mini-cpu-2core", "--duration", "2"];
  // A machine other than the profile's may prove the answer wrong (4); anything else is a mistake of the example.
  const { status, stderr } = spawnSync("sh", example, {
    cwd: folder,
    env: { ...process.env, SERVESIM: servesim },
    encoding: "utf8",
  });
  expect([stderr, [0, 4].includes(status!)]).toEqual([expect.any(String), true]);
  const found = verificationSchema.parse(JSON.parse(readFileSync(join(folder, "naive.verified.json"), "utf8")));
  expect(found.loads.map(({ what }) => what)).toEqual(["before the change", "after the change"]);
  expect(found.differences![0]).toMatchObject({ statistic: "mean_e2el_ms", promised: "better" });
  if (status === 0) expect(readdirSync(folder)).toContain("dynamic.verified.json");
});

test("headroom: a server's metrics read twice; unreachable ones are an error of the backend", async () => {
  let finished = 100;
  const histogram = (name: string, bound: number, sum: number): string =>
    `${name}_bucket{le="${bound}"} ${finished}\n${name}_bucket{le="+Inf"} ${finished}\n${name}_sum ${sum * finished}\n`;
  const metrics = (): string => {
    finished += 10;
    return (
      `vllm:num_requests_running 1\nvllm:num_requests_waiting 0\n` +
      histogram("vllm:request_prompt_tokens", 100, 60) +
      histogram("vllm:request_generation_tokens", 10, 5)
    );
  };
  const server = await startFakeVllm({ metrics });
  const { baseUrl } = server;
  const line =
    "headroom --profile h100-llama-3.1-8b-vllm-0.26 --interval 0.5 --slo mean_ttft:200 --replications 2 --num-prompts 400";
  try {
    const { code, stdout } = await servesimIn(folder, words(`${line} --metrics ${baseUrl}/metrics -o a.json`));
    expect(stdout).toMatch(/^now: [\d.]+ requests\/s \(\d+ in 0\.\d+ s\), prompts of 60.* tokens, answers of 5/m);
    expect(stdout).toMatch(/^growth left: \+[\d.]+ %$/m);
    expect([answerIn("a.json").question.name, code]).toEqual(["headroom", 0]);
  } finally {
    await server.close();
  }
  const gone = await servesimIn(folder, words(`${line} --metrics ${baseUrl}`));
  expect([gone.code, gone.stdout]).toEqual([3, ""]);
});
