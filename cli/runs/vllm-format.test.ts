import { type RequestRecord, type Run, runSchema } from "../../formats/index.js";
import { columnsOf, summarise } from "../../sim/index.js";
import { requireOneForm } from "./deliver.js";
import { printRun } from "./print.js";
import { vllmResult } from "./vllm-format.js";

const MS = 1e6;

/** One each 10 ms; the last is rejected, the others have their first token after 20 ms and five more, 8 ms apart. */
function requests(count: number): RequestRecord[] {
  return Array.from({ length: count }, (_, at) => {
    const arrivalNs = at * 10 * MS;
    const common = { requestId: String(at), arrivalNs, sentNs: arrivalNs, promptTokens: 100 };
    if (at === count - 1) return { ...common, outputTokens: 0, status: "refused", error: "too long" };
    const firstTokenNs = arrivalNs + 20 * MS;
    const times = { scheduledNs: arrivalNs, firstTokenNs, lastTokenNs: firstTokenNs + 40 * MS };
    return { ...common, ...times, outputTokens: 6, status: "ok" };
  });
}

function runOf(
  records: RequestRecord[],
  load: object = { request_rate: 100, max_concurrency: 8 },
  more: object = {},
): Run {
  const summary = summarise(columnsOf(records), { itl: Float64Array.of(8, 8), goodput: { ttftMs: 50 } });
  const info = runSchema.parse({
    ...{ version: 1, source: "sim", policy: "vllm", engine: { name: "vllm" }, model: { name: "m" } },
    ...{ load: { kind: "gamma", ...load }, requests: records.length, summary, ...more },
  });
  return { info, requests: records, batches: [] };
}

function blockOf({ info }: Run): string[] {
  return vllmResult(info, info.summary as ReturnType<typeof summarise>);
}

const write = process.stdout.write.bind(process.stdout);
const writeNote = process.stderr.write.bind(process.stderr);
afterEach(() => {
  process.stdout.write = write;
  process.stderr.write = writeNote;
});

function printed(run: Run, vllmFormat: boolean): string {
  let text = "";
  process.stdout.write = (part: string) => {
    text += part;
    return true;
  };
  process.stderr.write = () => true;
  printRun(run, { json: false, vllmFormat });
  process.stdout.write = write;
  return text;
}

// prettier-ignore
const block = [
  "============ Serving Benchmark Result ============",
  "Successful requests:                     500       ",
  "Failed requests:                         1         ",
  "Maximum request concurrency:             8         ",
  "Request rate configured (RPS):           100.00    ",
  "Benchmark duration (s):                  5.05      ",
  "Total input tokens:                      50000     ",
  "Total generated tokens:                  3000      ",
  "Request throughput (req/s):              99.01     ",
  "Request goodput (req/s):                 99.01     ",
  "Output token throughput (tok/s):         594.06    ",
  "Peak concurrent requests:                6.00      ",
  "Total token throughput (tok/s):          10495.05  ",
  "---------------Time to First Token----------------",
  "Mean TTFT (ms):                          20.00     ",
  "Median TTFT (ms):                        20.00     ",
  "P99 TTFT (ms):                           20.00     ",
  "-----Time per Output Token (excl. 1st token)------",
  "Mean TPOT (ms):                          8.00      ",
  "Median TPOT (ms):                        8.00      ",
  "P99 TPOT (ms):                           8.00      ",
  "---------------Inter-token Latency----------------",
  "Mean ITL (ms):                           8.00      ",
  "Median ITL (ms):                         (n too small)",
  "P99 ITL (ms):                            (n too small)",
  "----------------End-to-end Latency----------------",
  "Mean E2EL (ms):                          60.00     ",
  "Median E2EL (ms):                        60.00     ",
  "P99 E2EL (ms):                           60.00     ",
  "==================================================",
];

test("the block has vLLM bench's lines, to the column, with the summary's figures", () => {
  expect(blockOf(runOf(requests(501)))).toEqual(block);
});

test("a load without a rate or a limit has no line of it, and no answer no figures", () => {
  const bare = blockOf(runOf(requests(1), {}));
  expect(bare.join("\n")).not.toMatch(/Maximum request concurrency|Request rate configured/);
  expect(bare).toContain("Mean TTFT (ms):                          -         ");
});

test("above capacity, what grows with the length of the run has no figure", () => {
  const capacity = { verdict: "above", utilisation: 1.2, latency_growth_s_per_min: 12 };
  const lines = blockOf(runOf(requests(501), {}, { capacity }));
  expect(lines).toContain("Mean TTFT (ms):                          (grows with the run)");
  expect(lines).toContain("P99 E2EL (ms):                           (grows with the run)");
  expect(lines).toContain("Mean TPOT (ms):                          8.00      ");
});

test("--vllm-format puts the block in place of totals and table, and says nothing twice", () => {
  const run = runOf(requests(501));
  const text = printed(run, true);
  expect(text).toContain(`simulated vllm on m (vllm)\n${block.join("\n")}\n`);
  expect(text).not.toMatch(/time to first token|500 requests/);
  expect(text).not.toContain("replications");
  expect(printed(runOf(requests(501), {}, { replications: 1 }), true)).not.toContain("replications");
  expect(printed(runOf(requests(501), {}, { replications: 12 }), true)).toContain("means of 12 replications");
  expect(printed(run, false)).not.toContain("Serving Benchmark Result");
});

test("two forms at once are rejected", () => {
  expect(() => {
    requireOneForm({ json: true, vllm_format: true });
  }).toThrow("--json and --vllm-format print the same figures, leave one of them out");
});
