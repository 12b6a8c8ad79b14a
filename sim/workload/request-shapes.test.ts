import { setFlagsFromString } from "node:v8";
import { runInThisContext } from "node:vm";
import { loadSchema, type WorkloadRequest } from "../../formats/index.js";
import { withAnswerEnds } from "./synthetic/answer-ends.js";
import { workloadFromLengths, workloadFromRequests } from "./synthetic/from-load.js";
import { withAttempts, withoutPatience } from "./clients/impatient-client.js";

/** V8 compiles a function at its first call. The flag is taken back, because code that is cached under other flags is rejected. */
function nativesOfV8(): {
  readonly isFast: (object: object) => boolean;
  readonly areAlike: (a: object, b: object) => boolean;
} {
  setFlagsFromString("--allow-natives-syntax");
  const isFast = runInThisContext("(object) => %HasFastProperties(object)") as (object: object) => boolean;
  const areAlike = runInThisContext("(a, b) => %HaveSameMap(a, b)") as (a: object, b: object) => boolean;
  isFast({});
  areAlike({}, {});
  setFlagsFromString("--no-allow-natives-syntax");
  return { isFast, areAlike };
}

const natives = nativesOfV8();

/** How many hidden classes V8 has made of the requests. */
function shapes(requests: readonly WorkloadRequest[]): number {
  const found: WorkloadRequest[] = [];
  for (const request of requests) {
    expect(natives.isFast(request)).toBe(true);
    if (!found.some((one) => natives.areAlike(one, request))) found.push(request);
  }
  return found.length;
}

const lengths = { dataset_name: "random", random_input_len: 256, random_output_len: 192, num_prompts: 500 } as const;
const trace = Array.from({ length: 500 }, (_, at) => ({
  id: String(at),
  arrivalNs: 1e9 * at,
  promptTokens: 9,
  outputTokens: 3,
}));

/** Each class of one costs memory, and makes every read of a request slow. Small and large numbers, and retries, may be two. */
test.each([
  ["open loop", { request_rate: 24 }],
  ["closed loop", { max_concurrency: 4 }],
  ["classes", { request_rate: 24, classes: "a:share=1,priority=1;b:share=2,priority=2,output_len=17" }],
  ["priorities", { request_rate: 24, priorities: "0:1,1:3" }],
  ["patience", { request_rate: 24, patience_ttft: 5, patience_e2el: 60, retries: 2 }],
  ["answers that end by themselves", { request_rate: 24, output_max_tokens: 150 }],
])("requests with %s are of a few shapes, not one each", (_, more) => {
  const load = loadSchema.parse({ ...lengths, ...more });
  const workload = withAnswerEnds(workloadFromLengths(load, "1"), load, "1");
  expect(shapes(workload.requests)).toBeLessThanOrEqual(2);
  expect(shapes(withAttempts(workload))).toBeLessThanOrEqual(4);
  expect(shapes(withoutPatience(workload).requests)).toBeLessThanOrEqual(2);
});

test.each([
  ["its own times", {}],
  ["another rate", { trace_rate: 3 }],
  ["priorities", { time_scale: 2, priorities: "0:1,1:3" }],
  ["lengths alone", { self_timed: false, request_rate: 3 }],
])("requests of a trace with %s, too", (_, more) => {
  const load = loadSchema.parse({ workload: "trace.csv", ...more });
  expect(shapes(workloadFromRequests(load, trace, "1").requests)).toBeLessThanOrEqual(2);
});
