/** Traces against the rules of their format, over drawn runs of steps and of batches. */
import fc from "fast-check";
import type { Load, Profile, Workload } from "../../formats/index.js";
import { readProfile } from "../../formats/files/index.js";
import { planPolicy, simulatedTimeline, simulateRun, type Timeline } from "../../sim/index.js";
import { traceLines } from "./trace-lines.js";
import { traceOf, traceOfRuns, type Trace } from "./trace-of.js";
import type { TraceEvent } from "./trace-event.js";

const h100 = readProfile("profiles/h100-llama-3.1-8b-vllm-0.26.json");
const whole = readProfile("profiles/mini-cpu-2core.json");
const load = { num_prompts: 1 } as Load;

interface Scene {
  readonly policy: string;
  readonly settings?: object;
  readonly profile?: Profile;
  readonly workload: Workload;
  readonly replicas?: number;
}

function inputOf({ policy, settings = {}, profile = h100, workload, replicas = 1 }: Scene) {
  const plan = planPolicy(policy, settings, { source: "scene" });
  return { plan, profile, workload, load, seed: "1", coldStart: false, replicas };
}

function timelineOf(scene: Scene): Timeline {
  return simulatedTimeline(inputOf(scene));
}

const workloads = (mostTokens: number): fc.Arbitrary<Workload> =>
  fc
    .array(
      fc.record({
        gapNs: fc.constantFrom(0, 0, 1, 3e6, 2e8),
        promptTokens: fc.integer({ min: 1, max: mostTokens }),
        outputTokens: fc.integer({ min: 1, max: 60 }),
      }),
      { minLength: 1, maxLength: 30 },
    )
    .map((drawn) => {
      let arrivalNs = 0;
      const requests = drawn.map(({ gapNs, ...lengths }, index) => ({
        ...{ id: `r${index}`, ...lengths },
        arrivalNs: (arrivalNs += gapNs),
      }));
      return { requests, maxConcurrency: Infinity, thinkNs: 0 };
    });

/** Small pools preempt; a small budget cuts prompts. */
const stepScenes: fc.Arbitrary<Scene> = fc.record({
  policy: fc.constantFrom("vllm", "vllm", "orca"),
  settings: fc.constant({}),
  workload: workloads(400),
  replicas: fc.integer({ min: 1, max: 3 }),
});
const tightScenes: fc.Arbitrary<Scene> = fc.record({
  policy: fc.constant("vllm"),
  settings: fc.constantFrom({ num_gpu_blocks: 40, max_model_len: 500, max_num_batched_tokens: 512 }),
  workload: workloads(400),
  replicas: fc.integer({ min: 1, max: 2 }),
});
const batchScenes: fc.Arbitrary<Scene> = fc.record({
  policy: fc.constantFrom("naive", "dynamic"),
  profile: fc.constant(whole),
  workload: workloads(200),
  replicas: fc.integer({ min: 1, max: 3 }),
});

const ns = (us: number): number => Math.round(us * 1e3);
type Timed = Exclude<TraceEvent, { ph: "M" }>;
const timed = ({ events }: Trace): Timed[] => events.filter((event) => event.ph !== "M");

/** Broken rules of the format, in words. */
function problems(trace: Trace): string[] {
  const found: string[] = [];
  const check = (holds: boolean, what: string, event: object): void => {
    if (!holds) found.push(`${what}: ${JSON.stringify(event)}`);
  };
  const names = new Set(
    trace.events.flatMap((event) => (event.ph === "M" ? [`${event.name} ${event.pid}/${event.tid}`] : [])),
  );
  const stacks = new Map<string, number[]>();
  const open = new Map<string, string[]>();
  let before = 0;
  for (const event of timed(trace)) {
    check(event.ts >= 0 && Number.isFinite(event.ts), "time", event);
    check(event.ts >= before, "order", event);
    before = event.ts;
    check(event.name !== "" && event.cat !== "", "name", event);
    check(names.has(`process_name ${event.pid}/0`), "process without a name", event);
    if (event.ph !== "C") check(names.has(`thread_name ${event.pid}/${event.tid}`), "thread without a name", event);
    if (event.ph === "X") {
      // Of slices of a thread, one ends before the next begins, or contains it whole.
      const stack = stacks.get(`${event.pid}/${event.tid}`) ?? [];
      stacks.set(`${event.pid}/${event.tid}`, stack);
      const [start, end] = [ns(event.ts), ns(event.ts) + ns(event.dur)];
      while (stack.length > 0 && stack.at(-1)! <= start) stack.pop();
      check(event.dur >= 0 && (stack.length === 0 || end <= stack.at(-1)!), "overlap", event);
      stack.push(end);
    }
    if (event.ph === "b" || event.ph === "e") {
      const stack = open.get(event.id) ?? [];
      open.set(event.id, stack);
      if (event.ph === "b") stack.push(event.name);
      else check(stack.pop() === event.name, "end of another slice", event);
    }
    if (event.ph === "C")
      check(
        Object.values(event.args).every((value) => Number(value) >= 0),
        "negative count",
        event,
      );
  }
  for (const [id, stack] of open) check(stack.length === 0, "not ended", { id, stack });
  return found;
}

/** Arrows that do not begin at an arrival and end at the start of a step or batch. */
function looseArrows(trace: Trace): string[] {
  const starts = new Set<string>();
  for (const event of timed(trace)) if (event.ph === "X") starts.add(`${event.pid}/${event.tid} at ${event.ts}`);
  const ends = timed(trace).filter(({ ph }) => ph === "s" || ph === "f");
  const pairs = new Map<string, string>();
  for (const event of ends) if ("id" in event) pairs.set(event.id, (pairs.get(event.id) ?? "") + event.ph);
  return [
    ...ends.map(({ pid, tid, ts }) => `${pid}/${tid} at ${ts}`).filter((place) => !starts.has(place)),
    ...[...pairs].filter(([, ends]) => ends !== "sf").map(([id, ends]) => `${id}: ${ends}`),
  ];
}

/** The last value of each counter, by process. */
function lastCounts(trace: Trace): number[] {
  const last = new Map<string, number>();
  for (const event of timed(trace)) {
    if (event.ph === "C") last.set(`${event.pid} ${event.name}`, Number(Object.values(event.args)[0]));
  }
  return [...last.values()];
}

const count = (trace: Trace, what: (event: Timed) => boolean): number => timed(trace).filter(what).length;
const isRequest = (event: Timed): boolean => event.ph === "b" && event.name.startsWith("request ");

describe.each([
  ["steps", stepScenes, 30],
  ["steps with few KV blocks", tightScenes, 30],
  ["batches", batchScenes, 30],
])("a trace of %s", (_, scenes, numRuns) => {
  test("keeps the format's rules, and its events add up", () => {
    fc.assert(
      fc.property(scenes, (scene) => {
        const timeline = timelineOf(scene);
        const trace = traceOf(timeline, {});
        expect(problems(trace)).toEqual([]);
        expect(looseArrows(trace)).toEqual([]);
        expect(lastCounts(trace).filter((value) => value !== 0)).toEqual([]);
        expect(count(trace, isRequest)).toBe(scene.workload.requests.length);
        expect(count(trace, ({ ph }) => ph === "s")).toBe(
          timeline.requests.filter(({ status }) => status === "ok").length,
        );
        expect(count(trace, ({ cat, tid }) => cat === "step" && tid !== 1)).toBe(0);
        const work = timeline.engines.reduce((sum, engine) => sum + engine.work.length, 0);
        expect(count(trace, ({ ph, cat, name }) => ph === "X" && (cat === "step" || name.startsWith("batch")))).toBe(
          work,
        );
      }),
      { numRuns, seed: 18 },
    );
  });

  test("tells the phases of a request from its arrival to its last token, as the run's records have them", () => {
    fc.assert(
      fc.property(scenes, (scene) => {
        const timeline = timelineOf(scene);
        const { requests } = simulateRun(inputOf(scene));
        for (const [row, record] of requests.entries()) {
          const { phases, endNs, arrivalNs } = timeline.requests[row]!;
          expect(arrivalNs).toBe(record.arrivalNs);
          if (record.status !== "ok") continue;
          expect(endNs).toBe(record.lastTokenNs);
          expect(phases[0]!.atNs).toBe(arrivalNs);
          const starts = phases.map(({ atNs }) => atNs);
          expect(starts).toEqual(starts.toSorted((a, b) => a - b));
          if (record.scheduledNs! > arrivalNs) expect(phases[1]!.atNs).toBe(record.scheduledNs);
          const decode = phases.find(({ phase }) => phase === "decode");
          if ((record.preemptions ?? 0) === 0 && record.outputTokens > 1)
            expect(decode!.atNs).toBe(record.firstTokenNs);
        }
      }),
      { numRuns: 20, seed: 18 },
    );
  });
});

/** Many requests at once over few blocks. */
const crowd: Workload = {
  requests: Array.from({ length: 40 }, (_, index) => ({
    ...{ id: String(index), promptTokens: 100, outputTokens: 60, arrivalNs: index * 1e6 },
  })),
  maxConcurrency: Infinity,
  thinkNs: 0,
};
const tight = { policy: "vllm", settings: { num_gpu_blocks: 40, max_model_len: 500 }, workload: crowd };

test("a request that was preempted shows it, and is decoded in the end", () => {
  const { requests } = timelineOf(tight);
  const records = simulateRun(inputOf(tight)).requests;
  const preempted = requests.filter((_, row) => records[row]!.preemptions! > 0);
  expect(preempted.length).toBeGreaterThan(3);
  for (const { phases } of preempted) {
    expect(phases.some(({ phase }) => phase === "preempted")).toBe(true);
    expect(phases.at(-1)!.phase).toBe("decode");
  }
});

test("a rejected request is there, without phases and without an arrow", () => {
  const requests = [...crowd.requests, { id: "long", promptTokens: 600, outputTokens: 5, arrivalNs: 2e6 }];
  const timeline = timelineOf({ ...tight, workload: { ...crowd, requests } });
  expect(timeline.requests.at(-1)).toMatchObject({
    requestId: "long",
    status: "refused",
    phases: [],
    first: undefined,
  });
  const trace = traceOf(timeline, {});
  expect(problems(trace)).toEqual([]);
  expect(count(trace, isRequest)).toBe(41);
  expect(count(trace, ({ ph }) => ph === "s")).toBe(40);
});

test("the counter of KV blocks reaches the run's high-water mark", () => {
  const trace = traceOf(timelineOf(tight), {});
  const values = (name: string): number[] =>
    timed(trace).flatMap((event) =>
      event.ph === "C" && event.name === name ? [Number(Object.values(event.args)[0])] : [],
    );
  const { kv_blocks: kv } = simulateRun(inputOf(tight)).info as unknown as { kv_blocks: { high_water: number[] } };
  expect(Math.max(...values("KV blocks used"))).toBe(kv.high_water[0]);
});

test("beyond the limits it shows every kth, says so, and still ends every arrow at a slice", () => {
  const timeline = timelineOf(tight);
  const trace = traceOf(timeline, { policy: "vllm" }, { requests: 15, work: 10 });
  expect(count(trace, isRequest)).toBe(14);
  expect(looseArrows(trace)).toEqual([]);
  expect(problems(trace)).toEqual([]);
  const steps = timeline.engines[0]!.work.length;
  expect(count(trace, ({ ph, cat }) => ph === "X" && cat === "step")).toBeLessThan(steps / 3);
  expect(trace.notes).toEqual([
    "1 of 3 requests of an engine is shown, of 40 in all",
    expect.stringMatching(/^1 of \d+ steps is shown, of up to \d+ on an engine/),
  ]);
  expect(trace.about).toMatchObject({ policy: "vllm", requests: 40, requests_shown: 14, sampling: trace.notes });
});

test("of requests that replicas take in turn, it shows some of each", () => {
  const timeline = timelineOf({ ...tight, replicas: 2 });
  const trace = traceOf(timeline, {}, { requests: 10, work: 1e6 });
  const arrows = timed(trace).filter(({ ph }) => ph === "f");
  const ofEach = [2, 3].map((pid) => arrows.filter((event) => event.pid === pid).length);
  expect(ofEach).toEqual([5, 5]);
});

test("the file is JSON with the events, whatever the ids of requests are", () => {
  const requests = [{ id: '"}]\n\ud800<script>', promptTokens: 10, outputTokens: 3, arrivalNs: 0 }];
  const trace = traceOf(timelineOf({ policy: "vllm", workload: { ...crowd, requests } }), {});
  const file = JSON.parse([...traceLines(trace)].join("\n")) as { traceEvents: unknown[]; otherData: object };
  expect(file.traceEvents).toHaveLength(trace.events.length);
  expect(JSON.stringify(file.otherData)).toContain('"requests":1');
});

test("several runs are stacked from the same start on, with processes, ids and notes of their own", () => {
  fc.assert(
    fc.property(fc.oneof(stepScenes, batchScenes), fc.oneof(stepScenes, batchScenes), (first, second) => {
      const runs = [
        { name: "simulated", timeline: timelineOf(first) },
        { name: "real", timeline: timelineOf(second) },
      ];
      const trace = traceOfRuns(runs, {});
      expect(problems(trace)).toEqual([]);
      expect(looseArrows(trace)).toEqual([]);
      expect(count(trace, isRequest)).toBe(first.workload.requests.length + second.workload.requests.length);
      const named = trace.events.flatMap((event) => (event.ph === "M" && event.name === "process_name" ? [event] : []));
      expect(new Set(named.map(({ pid }) => pid)).size).toBe(named.length);
      const pidsOf = (name: string): number[] =>
        named.flatMap(({ pid, args }) => (String(args.name).startsWith(`${name}: `) ? [pid] : []));
      expect(named).toHaveLength(pidsOf("simulated").length + pidsOf("real").length);
      // Each run has its own times: those of a trace of it alone.
      for (const { name, timeline } of runs) {
        const pids = pidsOf(name);
        const times = (of: Trace, has: (pid: number) => boolean) => timed(of).filter(({ pid }) => has(pid)).map(({ ts }) => ts); // prettier-ignore
        expect(times(trace, (pid) => pids.includes(pid))).toEqual(times(traceOf(timeline, {}), () => true));
      }
    }),
    { numRuns: 20, seed: 18 },
  );
});

test("what is left out is said for each run", () => {
  const timeline = timelineOf(tight);
  const trace = traceOfRuns([{ name: "simulated", timeline }, { name: "real", timeline }], {}, { requests: 15, work: 1e6 }); // prettier-ignore
  expect(trace.notes).toEqual(
    ["simulated", "real"].map((name) => `${name}: 1 of 3 requests of an engine is shown, of 40 in all`),
  );
  expect(trace.about).toMatchObject({ requests: 80, requests_shown: 28 });
});
