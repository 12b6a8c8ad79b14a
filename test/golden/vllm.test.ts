import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { replayVllm } from "./vllm.js";

const recorded = join(process.cwd(), "..", "shared", "vllm-scheduler-golden.json");
const hasRecorded = existsSync(recorded);
if (!hasRecorded) console.warn(`SKIPPED: ${recorded} is not here, so the 61 recorded scenarios are NOT replayed`);

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

function recording(change: { config?: object; events?: object[] } = {}): unknown {
  const requests = [{ id: "a", arrive: 0, prompt: [[7, 17]], max_tokens: 2 }];
  const scenario = {
    name: "small",
    config: { ...config, ...change.config },
    requests,
    events: change.events ?? events,
  };
  return { format: 1, source: "by hand", rules: {}, scenarios: [scenario] };
}

/** The recording with fields of one event replaced. */
function altered(at: number, fields: object): unknown {
  return recording({ events: events.map((event, index) => (index === at ? { ...event, ...fields } : event)) });
}

(hasRecorded ? it : it.skip)("every recorded decision of vLLM's scheduler classes is made again", () => {
  const report = replayVllm(JSON.parse(readFileSync(recorded, "utf8")), recorded);
  expect(report.firstDifference).toBeUndefined();
  expect([report.identicalScenarios, report.scenarios]).toEqual([61, 61]);
  expect(report.identicalEvents).toBe(report.events);
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

  it("refuses an option that is not known, by name and place", () => {
    expect(() => replayVllm(recording({ config: { num_lookahead_tokens: 2 } }), "file.json")).toThrow(
      /file.json: scenarios\[0\].config.num_lookahead_tokens: unknown key/,
    );
  });
});
