import {
  ConfigError,
  answerSchema,
  loadSchema,
  parseAutoscale,
  parseSlos,
  type WorkloadRequest,
} from "../../../formats/index.js";
import { readProfile } from "../../../formats/files/index.js";
import { ProfileCost } from "../../../sim/index.js";
import type { Deployment } from "../run/deployment.js";
import { readSource, type LoadSource } from "../load/load-source.js";
import { sizeAnswer } from "./size-answer.js";
import { findSize, type Size, type SizeOptions } from "./size.js";

const profile = readProfile("profiles/mini-cpu-2core.json");
const lengths = { dataset_name: "fixed", input_len: 20, output_len: 10 };
/** How long a request takes that is served alone, s. */
const aloneS = (() => {
  const { prefillNs, decodeNs } = new ProfileCost(profile).batch({ rows: 1, promptTokens: 20, outputTokens: 10 });
  return (prefillNs + decodeNs) / 1e9;
})();

interface Asked extends Partial<Pick<Deployment, "profile" | "router">> {
  readonly load?: object;
  readonly slo?: string;
  readonly source?: LoadSource;
  readonly options?: SizeOptions;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly policy?: string;
}

/** By default machines that serve one request at a time, each in the same time. */
async function asked(given: Asked): Promise<Deployment> {
  const { slo = `mean_e2el:${5e3 * aloneS}`, settings = { batch_size: 1, timeout_s: 0.01 }, policy = "naive" } = given;
  const load = loadSchema.parse({ num_prompts: 1000, ...lengths, ...given.load });
  return {
    policy: { name: policy, settings },
    profile: given.profile ?? profile,
    load,
    source: given.source ?? (await readSource(load, undefined, "replicas")),
    vary: "replicas",
    goals: { slos: parseSlos(slo) },
    seed: "1",
    jitter: undefined,
    engine: "fast",
    replicas: 1,
    router: given.router ?? "round-robin",
  };
}

async function size(given: Asked): Promise<Size> {
  return findSize(await asked(given), { replications: 6, workers: 1, ...given.options });
}

/** Requests a second, evenly spaced, in work for so many machines. */
const even = (machines: number): object => ({ request_rate: machines / aloneS, arrivals: "constant" });

test.each([
  [0.6, 1],
  [1.5, 2],
  [3.6, 4],
  [8.5, 9],
])("evenly spaced requests with work for %p machines take %p", async (work, replicas) => {
  const { value, low, high, most } = await size({ load: even(work) });
  expect([value, low, high]).toEqual([replicas, replicas, replicas]);
  expect(most).toBeGreaterThan(replicas);
});

test("one fewer misses the goal in most replications, which the evidence shows, and says by what", async () => {
  const { value, evidence, binding } = await size({ load: { request_rate: 3.2 / aloneS }, slo: `p99_e2el:${6e3 * aloneS}` }); // prettier-ignore
  expect(evidence.map(({ varied }) => varied.replicas)).toEqual([value! - 1, value]);
  expect(evidence[0]!.statistics.met_share!).toBeLessThan(0.9);
  expect(evidence[1]!.statistics.met_share!).toBeGreaterThanOrEqual(0.9);
  expect(evidence[1]!.statistics.p99_e2el_ms!).toBeLessThan(6e3 * aloneS);
  // Two at a time take little longer than one: a batch size of 2 saves machines.
  expect(binding).toMatchObject({ slo: "p99_e2el", resource: "seats", next: { change: "batch_size 2" } });
  expect(binding.next!.value).toBeLessThan(value!);
});

test("a router that looks at queues needs no more than one that does not", async () => {
  const { value, others } = await size({
    load: { request_rate: 4 / aloneS },
    slo: `p95_e2el:${3e3 * aloneS}`,
    router: "random",
    options: { otherRouters: ["round-robin", "least-outstanding"] },
  });
  expect(others.map(({ router }) => router)).toEqual(["round-robin", "least-outstanding"]);
  expect(others[1]!.value!).toBeLessThan(value!);
  expect(others[0]!.value!).toBeLessThanOrEqual(value!);
});

test("a goal that a request misses even when it is served alone cannot be met, and the answer says so", async () => {
  const given: Asked = { load: even(2), slo: `mean_e2el:${500 * aloneS}`, options: { maxReplicas: 5 } };
  const found = await size(given);
  expect(found).toMatchObject({ value: null, most: 5, binding: { slo: "mean_e2el" } });
  const answer = sizeAnswer({
    deployment: await asked(given),
    found,
    asked: {},
    commands: { reproduce: "", check: null },
  });
  expect(answer).toMatchObject({ value: null, interval: null, verdict: "cannot_be_met", cost: null });
  expect(answer.notes.join()).toContain("in 6 of 6 replications even 5 replicas miss the goals");
  expect(answerSchema.safeParse(answer).error).toBeUndefined();
});

test("clients of closed loops are sized too", async () => {
  // Each machine has one request in service: n clients on m machines wait for n/m services.
  const { value } = await size({ load: { max_concurrency: 12 }, slo: `mean_e2el:${3.2e3 * aloneS}` });
  expect(value).toBe(4);
});

/** Ten seconds with work for 1.5 machines, then ten with work for 3.5. */
function twoParts(): WorkloadRequest[] {
  const requests: WorkloadRequest[] = [];
  for (let atS = 0; atS < 20; atS += aloneS / (atS < 10 ? 1.5 : 3.5)) {
    requests.push({
      id: String(requests.length),
      promptTokens: 20,
      outputTokens: 10,
      arrivalNs: Math.round(1e9 * atS),
    });
  }
  return requests;
}
const trace = (): Asked => ({
  load: { num_prompts: undefined, dataset_name: undefined, input_len: undefined, workload: "trace.csv" },
  source: { kind: "trace", requests: twoParts(), repeats: false, notes: [] },
  options: { windowS: 10 },
});

test("a trace is sized as a whole and window by window, and an ideal autoscaler takes the windows' replicas", async () => {
  const { value, windows } = await size(trace());
  expect(value).toBe(4);
  expect(windows!.windows.map(({ replicas, startS }) => [startS, replicas])).toEqual([
    [0, 2],
    [10, 4],
  ]);
  expect(windows!.fixedReplicaHours).toBeCloseTo((4 * 20) / 3600, 4);
  expect(windows!.idealReplicaHours!).toBeCloseTo((6 * 10) / 3600, 4);
});

test("twice the requests within half a minute take twice the machines of the mean", async () => {
  const { source, ...given } = trace();
  const { value } = await size({ ...given, source: { ...source!, scale: 2 } as LoadSource });
  expect(value).toBeGreaterThanOrEqual(5);
  expect(value).toBeLessThanOrEqual(7);
});

test("head-room says how much the load may grow with the replicas found", async () => {
  const { value, headRoom } = await size({ load: even(2.5), options: { headRoom: true } });
  expect(value).toBe(3);
  expect(headRoom!.headRoom).toBeGreaterThan(0.15);
  expect(headRoom!.headRoom).toBeLessThan(0.25);
});

test("clients that give up where replicas are too few are served by more, and their share is among the evidence", async () => {
  const load = { ...even(2.5), patience_e2el: String(3 * aloneS), num_prompts: 400 };
  const { value, evidence } = await size({ load, slo: `mean_e2el:${2e3 * aloneS}`, options: { replications: 2 } });
  expect(value).toBe(3);
  const [fewer, enough] = evidence.map(({ statistics }) => statistics);
  expect(fewer!.unanswered_share).toBeGreaterThan(0.1);
  expect(enough!.unanswered_share).toBe(0);
  // Of those who were answered, within their patience.
  expect(fewer!.mean_e2el_ms).toBeLessThan(3e3 * aloneS);
});

test("head-room of a load that is next to nothing is as large as it is", async () => {
  const { value, headRoom } = await size({ load: even(0.001), options: { headRoom: true } });
  expect(value).toBe(1);
  expect(headRoom!.headRoom).toBeGreaterThan(950);
  expect(headRoom!.headRoom).toBeLessThan(1050);
});

const of8b = {
  profile: readProfile("profiles/h100-llama-3.1-8b-vllm-0.26.json"),
  policy: "vllm",
  settings: {},
} as const;

test("a load that ends while the system still fills is rejected with the length that would do", async () => {
  const load = { input_len: 20, output_len: 400, request_rate: 150, num_prompts: 600, arrivals: "constant" };
  const found = size({ ...of8b, load, slo: "mean_ttft:5000", options: { replications: 1 } });
  // It comes within 4 s, and an answer takes about 2.9.
  await expect(found).rejects.toThrow(ConfigError);
  await expect(found).rejects.toThrow(
    /^--num-prompts: 600 requests come within 4 s and are answered in [\d.]+ s, too short .*: give at least 2\d\d\d$/,
  );
});

test("a goal that a request misses which waits for no other is no matter of replicas, and a note says so", async () => {
  const { value, notes } = await size({
    load: even(2.5),
    slo: `mean_e2el:${0.5e3 * aloneS}`,
    options: { replications: 2 },
  });
  expect(value).toBeNull();
  expect(notes.join("\n")).toMatch(
    /replicas miss mean_e2el by as much as \d+: it is missed by requests that wait for no/,
  );
});

test("requests at the very end of a trace are in its last window, and a trace that takes no time has none", async () => {
  const at = (...timesS: readonly number[]): LoadSource => ({
    kind: "trace",
    requests: timesS.flatMap((atS, k) => ({ id: String(k), promptTokens: 20, outputTokens: 10, arrivalNs: 1e9 * atS })),
    repeats: false,
    notes: [],
  });
  const load = { num_prompts: undefined, dataset_name: undefined, input_len: undefined, workload: "trace.csv" };
  const given = { load, slo: "mean_e2el:1000000" };
  const options = { windowS: 2, replications: 1 };
  const { windows } = await size({ ...given, source: at(0, 1, 2, 3, 4), options });
  expect(windows!.windows.map(({ startS, endS, requests }) => [startS, endS, requests])).toEqual([
    [0, 2, 2],
    [2, 4, 3],
  ]);
  expect((await size({ ...given, source: at(0, 0, 0), options })).windows).toBeUndefined();
});

test("the answer has the cost of all replicas, and energy from the power of the profile's machine", async () => {
  const watts = { idle: 100, busy: 300 };
  const given: Asked = { load: even(1.5), profile: { ...profile, machine: { ...profile.machine, watts } } };
  const deployment = await asked(given);
  const found = await size(given);
  const answer = sizeAnswer({
    deployment,
    found,
    pricePerHour: 3.6,
    asked: {},
    commands: { reproduce: "", check: null },
  });
  const { cost, value } = answer;
  expect(value).toBe(2);
  // Two machines at 3.6 per hour serve 1.5 / aloneS requests a second; each is at work for 3/4 of the time.
  expect(cost!.per_request!).toBeCloseTo((2 * 0.001 * aloneS) / 1.5, 5);
  expect(cost!.watt_hours_per_request! / ((2 * 250 * aloneS) / 1.5 / 3600)).toBeCloseTo(1, 1);
  expect(answerSchema.safeParse(answer).error).toBeUndefined();
});

test.each<[what: string, load: object, message: RegExp]>([
  ["a load without a rate", {}, /neither how often requests come nor how many clients/],
  ["too few requests for a percentile", { ...even(1), num_prompts: 50 }, /--num-prompts: 50 requests, too few to show p99_e2el/], // prettier-ignore
])("%s is rejected", async (_, load, message) => {
  const found = size({ load, slo: "p99_e2el:100" });
  await expect(found).rejects.toThrow(ConfigError);
  await expect(found).rejects.toThrow(message);
});

test("an autoscaler whose replicas take as long to start as the peak lasts misses the goal in that minute", async () => {
  const profileOf8b = readProfile("profiles/h100-llama-3.1-8b-vllm-0.26.json");
  // A minute with 2 requests a second, one with 12, one with 2; a replica serves about five.
  const requests: WorkloadRequest[] = [];
  for (let atS = 0; atS < 180; atS += atS < 60 || atS >= 120 ? 0.5 : 1 / 12) {
    requests.push({ id: String(requests.length), promptTokens: 200, outputTokens: 100, arrivalNs: Math.round(1e9 * atS) }); // prettier-ignore
  }
  const given = (autoscale: string): Asked => ({
    profile: profileOf8b,
    policy: "vllm",
    settings: { max_num_seqs: 4 },
    slo: "p90_ttft:3000",
    load: { num_prompts: undefined, dataset_name: undefined, input_len: undefined, workload: "trace.csv" },
    source: { kind: "trace", requests, repeats: false, notes: [] },
    router: "least-outstanding",
    options: { autoscale: parseAutoscale(autoscale), replications: 2, windowS: 60 },
  });
  const slow = await size(given("signal=queue,target=4,startup=1m,interval=2s"));
  const { plan, minutesOutside, attainment, replicaHours, metShare, peak } = slow.autoscaled!;
  expect(slow.value).toBeGreaterThan(1);
  expect(plan).toMatchObject({ initial: slow.windows!.windows[0]!.replicas, max: slow.most });
  expect([metShare, minutesOutside.value]).toEqual([0, 1]);
  expect(attainment.value).toBeGreaterThan(0.2);
  expect(attainment.value).toBeLessThan(0.9);
  expect(peak).toBeGreaterThan(1);
  expect(replicaHours.value).toBeGreaterThan((3 * 60) / 3600);
  const answer = sizeAnswer({ deployment: await asked(given("signal=queue,target=4")), found: slow, asked: {}, commands: { reproduce: "", check: null } }); // prettier-ignore
  expect(answer.sizing!.autoscale!.timeline[0]).toEqual({ at_s: 0, serving: 1, starting: 0, draining: 0 });
  expect(answerSchema.safeParse(answer).error).toBeUndefined();
});
