import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readJson } from "../../formats/files/index.js";
import { replayVllm } from "./vllm.js";

const files = [
  ["vllm-scheduler-golden.json", 61, 0],
  ["vllm-scheduler-golden-0.32.json", 127, 0],
  ["vllm-scheduler-golden-more.json", 48, 74],
] as const;
const pathOf = (file: string): string => join(process.cwd(), "..", "shared", file);
for (const [file, scenarios] of files) {
  if (!existsSync(pathOf(file)))
    console.warn(`SKIPPED: ${file} is not here: ${scenarios} recorded scenarios NOT replayed`);
}

test("decisions of vLLM 0.23's own classes are those of its rules, and not of 0.24's", () => {
  // Before 0.24 released blocks were taken in the order of their release.
  const recording = readJson("test/golden/vllm-0.23.json.gz") as object;
  const all = { scenarios: 53, identicalScenarios: 53, events: 3202, identicalEvents: 3202 };
  expect(replayVllm(recording, "0.23")).toEqual(all);
  const later = replayVllm({ ...recording, version: "0.24.0" }, "0.23 as 0.24");
  expect(later.identicalScenarios).toBe(27);
  expect(later.firstDifference).toMatch(/free_queue: got \[10,5,4,3,2,1,9,8,7,6\], expected \[9,8,7,6,10,5,4,3,2,1\]/);
});

const config = {
  async_scheduling: false,
  max_num_seqs: 16,
  max_num_batched_tokens: 512,
  block_size: 16,
  num_blocks: 5,
  enable_prefix_caching: true,
  long_prefill_token_threshold: 0,
  max_model_len: 2048,
  policy: "fcfs",
  watermark: 0,
  scheduler_reserve_full_isl: true,
  enable_chunked_prefill: true,
};

/** One request of 17 tokens and 2 outputs: its first block is registered, the second one is not. */
const events = [
  {
    ev: "schedule",
    loop: 0,
    step: 0,
    added: ["a"],
    scheduled: [["a", 17]],
    admitted: [["a", 0]],
    running: ["a"],
    waiting: [],
    free: 2,
    blocks: { a: [1, 2] },
  },
  {
    ev: "update",
    loop: 0,
    step: 0,
    tokens: [["a", [1_000_000]]],
    running: ["a"],
    free: 2,
    prefix: { queries: 17, hits: 0, preempted_queries: 0, preempted_hits: 0 },
    free_queue: [3, 4],
  },
  { ev: "schedule", loop: 1, step: 1, scheduled: [["a", 1]], running: ["a"], waiting: [], free: 2 },
  {
    ev: "update",
    loop: 1,
    step: 1,
    tokens: [["a", [1_000_001]]],
    finished: [["a", "length"]],
    running: [],
    free: 4,
    free_queue: [2, 3, 4, 1],
  },
  { ev: "schedule", loop: 2, step: 2, scheduled: [], running: [], waiting: [], free: 4 },
  { ev: "update", loop: 2, step: 2, tokens: [], running: [], free: 4 },
];

interface Change {
  readonly config?: object;
  readonly events?: object[];
  readonly requests?: object[];
  readonly file?: object;
}

function recording(change: Change = {}): unknown {
  const requests = [{ id: "a", arrive: 0, prompt: [[7, 17]], max_tokens: 2 }];
  const scenario = {
    name: "small",
    config: { ...config, ...change.config },
    requests: change.requests ?? requests,
    events: change.events ?? events,
  };
  return { format: 1, source: "by hand, as vLLM 0.32.0 does", rules: {}, scenarios: [scenario], ...change.file };
}

/** The recording with fields of one event replaced. */
function altered(at: number, fields: object): unknown {
  return recording({ events: events.map((event, index) => (index === at ? { ...event, ...fields } : event)) });
}

describe.each(files)("every recorded decision of vLLM's scheduler classes in %s", (file, scenarios, skipped) => {
  const path = pathOf(file);
  (existsSync(path) ? it : it.skip)("is made again, but for those that draft", () => {
    const report = replayVllm(JSON.parse(readFileSync(path, "utf8")), path);
    expect(report.firstDifference).toBeUndefined();
    expect([report.identicalScenarios, report.scenarios]).toEqual([scenarios, scenarios]);
    expect(report.identicalEvents).toBe(report.events);
    expect(report.skipped ?? []).toHaveLength(skipped);
    expect(report.notes).toBeUndefined();
  });
});

describe("the replay of a recording", () => {
  it("finds a true one identical", () => {
    expect(replayVllm(recording(), "test")).toEqual({
      scenarios: 1,
      identicalScenarios: 1,
      events: 6,
      identicalEvents: 6,
    });
  });

  it.each([
    [0, { scheduled: [["a", 16]] }, 'scheduled: got [["a",17]], expected [["a",16]]'],
    [0, { blocks: { a: [1, 3] } }, 'blocks: got {"a":[1,2]}, expected {"a":[1,3]}'],
    [1, { free_queue: [4, 3] }, "free_queue: got [3,4], expected [4,3]"],
    [1, { prefix: undefined }, 'prefix: got {"hits":0,'],
    [3, { finished: [["a", "stop"]] }, 'finished: got [["a","length"]], expected [["a","stop"]]'],
    [3, { finished: undefined }, 'finished: got [["a","length"]], expected []'],
    [4, { preempted: ["a"] }, 'preempted: got [], expected ["a"]'],
  ])("finds and describes a difference in event %i: %j", (at, fields, said) => {
    const report = replayVllm(altered(at, fields), "test");
    expect(report).toMatchObject({ identicalScenarios: 0, events: 6, identicalEvents: at });
    expect(report.firstDifference).toContain(`scenario small: event ${at} (`);
    expect(report.firstDifference).toContain(said);
  });

  it("finds steps that the recording has not, and steps that only the recording has", () => {
    expect(replayVllm(recording({ events: events.slice(0, 4) }), "test").firstDifference).toContain("expected nothing");
    const longer = [...events, { ...events[5], step: 3, loop: 3 }];
    expect(replayVllm(recording({ events: longer }), "test").firstDifference).toContain("event 6 (update of step 3");
  });

  it("compares no further than a recording that was cut while a request was unfinished", () => {
    expect(replayVllm(recording({ events: events.slice(0, 3) }), "test").identicalScenarios).toBe(1);
  });

  it("rejects an option that is not known, by name and place", () => {
    expect(() => replayVllm(recording({ config: { num_lookahead_tokens: 2 } }), "file.json")).toThrow(
      /file.json: scenarios\[0\].config.num_lookahead_tokens: unknown key/,
    );
  });

  it("goes by the version that the file says, else the first that its source names, else the newest, and says so", () => {
    // One request of 40 tokens under a cap of 10: whole since 0.31, in four chunks before.
    const requests = [{ id: "a", arrive: 0, prompt: [[7, 40]], max_tokens: 1 }];
    const capped = { long_prefill_token_threshold: 10 };
    const first = (file: object): unknown => {
      const nothing = { ...events[4], loop: 0, step: 0, added: ["a"] };
      const report = replayVllm(recording({ config: capped, requests, events: [nothing], file }), "test");
      return /scheduled: got (\S+),/.exec(report.firstDifference!)?.[1];
    };
    expect(first({ source: "vLLM 0.32.0 (unmodified)" })).toBe('[["a",40]]');
    expect(first({ source: "vLLM main (2026-08-20, between v0.28.0 and v0.29.0)" })).toBe('[["a",10]]');
    expect(first({ source: "vLLM 0.32.0", version: "0.30.0" })).toBe('[["a",10]]');
    expect(first({ source: "by hand" })).toBe('[["a",40]]');
    const notes = (file: object): unknown => replayVllm(recording({ file }), "test").notes;
    expect(notes({ source: "by hand" })).toEqual(["neither version nor source names a release: vLLM 0.32.0 assumed"]);
    expect(notes({ source: "vLLM 0.28.0" })).toBeUndefined();
    expect(notes({ version: "0.35.0" })).toEqual(["vLLM 0.35.0 is newer than 0.32, whose rules are assumed"]);
  });

  it("skips a scenario with drafts by name, and counts it nowhere", () => {
    const drafting = recording({ config: { spec: { method: "ngram", k: 2, lookahead: 0, draft_slots: 0 } } });
    expect(replayVllm(drafting, "test")).toEqual({
      scenarios: 0,
      identicalScenarios: 0,
      events: 0,
      identicalEvents: 0,
      skipped: ["small"],
    });
  });

  describe("of requests that follow others or are aborted", () => {
    const after = (loop: number): object => ({ ev: "schedule", loop, step: loop, running: [], waiting: [], free: 4 });
    const turns = (events: object[], requests: object[]): string | undefined =>
      replayVllm(recording({ requests, events }), "test").firstDifference;
    const one = { id: "a", arrive: 0, prompt: [[7, 17]], max_tokens: 2 };

    it("begins a turn so many loop indices after the end, with prompt and outputs before its own", () => {
      // a ends at loop 1 with 17 + 2 tokens. b comes at loop 3 with 20, 16 of them cached.
      const next = { id: "b", after: { id: "a", delay: 2 }, prompt: [[9, 1]], max_tokens: 1 };
      const told = turns([...events, { ...after(3), added: ["b"], scheduled: [["b", 5]] }], [one, next]);
      expect(told).toContain('event 6 (schedule of step 3, loop 3): scheduled: got [["b",4]], expected [["b",5]]');
    });

    it.each([
      [{ loop: 1 }, 2, '(schedule of step 1, loop 1): aborted: got [["a","running"]], expected []'],
      [{ outputs: 1 }, 2, '(schedule of step 1, loop 1): aborted: got [["a","running"]], expected []'],
      [{ state: "running" }, 2, '(schedule of step 1, loop 1): aborted: got [["a","running"]], expected []'],
      [{ state: "waiting" }, 0, '(schedule of step 0, loop 0): aborted: got [["a","waiting"]], expected []'],
      [{ loop: 0, when: "update" }, 1, '(update of step 0, loop 0): aborted: got [["a","running"]], expected []'],
    ])("aborts at the first chance when %j", (abort, at, said) => {
      expect(turns(events, [{ ...one, abort }])).toContain(`event ${at} ${said}`);
    });
  });
});
