/** Loads of classes from the text that users write to the figures of each class. */
import {
  check,
  loadSchema,
  parseClasses,
  parseSlos,
  type Load,
  type RequestRecord,
  type RequestTable,
} from "../../formats/index.js";
import { columnsOf, summariseClasses } from "../metrics/index.js";
import { classesOf, workloadFromLengths } from "../workload/index.js";
import { measureGoals, requestsToShow } from "./measure-goals.js";

const load = (given: object): Load =>
  check(loadSchema, { dataset_name: "fixed", input_len: 40, output_len: 7, num_prompts: 4000, max_concurrency: 4, ...given }, { source: "test" }); // prettier-ignore

const CLASSES = "chat:share=1,priority=-1,output_len=100,output_cv=0.5,ttft=50;batch:share=3,priority=5,input_len=900";

it("gives each request a class in the shares asked for, with its priority and lengths", () => {
  const { requests } = workloadFromLengths(load({ classes: CLASSES }), "1");
  const chat = requests.filter((request) => request.class === "chat");
  const batch = requests.filter((request) => request.class === "batch");
  expect(chat.length + batch.length).toBe(4000);
  expect(chat.length / 4000).toBeCloseTo(0.25, 1);
  expect(new Set(chat.map(({ priority, promptTokens }) => `${priority} ${promptTokens}`))).toEqual(new Set(["-1 40"]));
  expect(chat.reduce((sum, { outputTokens }) => sum + outputTokens, 0) / chat.length / 100).toBeCloseTo(1, 1);
  expect(
    new Set(batch.map(({ priority, promptTokens, outputTokens }) => `${priority} ${promptTokens} ${outputTokens}`)),
  ).toEqual(new Set(["5 900 7"]));
});

it.each([
  ["", /in "", expected NAME:KEY=VALUE/],
  ["a;a", /"a" comes twice/],
  ["a:share=0", /in class a, share: got "0", expected a number above 0/],
  ["a:prio=1", /in class a, "prio=1": expected one of share, priority/],
  ["a:toString=1", /expected one of share/],
  ["a:priority=1.5", /priority: got "1.5", expected a whole number/],
  ["a:input_len=12,input_len=3", /input_len comes twice/],
  ["a:output_cv=1", /output_cv: expected output_len with it/],
  ["a:share=1:b", /expected NAME/],
  ["4:share=1", /expected NAME/],
])("rejects what says no classes: %j", (classes, message) => {
  expect(parseClasses(classes)).toEqual(expect.stringMatching(message));
  expect(() => load({ classes })).toThrow(message);
});

it("rejects priorities beside classes, and lengths of prompts that have their texts", () => {
  expect(() => load({ classes: "a", priorities: "0:1" })).toThrow(/classes have their own priorities/);
  const shared = load({ dataset_name: "prefix_repetition", input_len: undefined, classes: "a:input_len=3" });
  expect(() => workloadFromLengths(shared, "1")).toThrow(/a has an input_len, but the load's prompts have their texts/);
});

/** Requests of 2 tokens whose first one comes after so many ms; of every four the first is of chat. */
function table(ttftsMs: readonly (number | undefined)[]): RequestTable {
  const records = ttftsMs.map((ttftMs, index): RequestRecord => {
    const base = { requestId: String(index), arrivalNs: 1e9 * index, sentNs: 1e9 * index, promptTokens: 1 };
    if (ttftMs === undefined) return { ...base, outputTokens: 0, status: "refused" };
    const firstTokenNs = 1e9 * index + 1e6 * ttftMs;
    return {
      ...base,
      scheduledNs: base.arrivalNs,
      firstTokenNs,
      lastTokenNs: firstTokenNs + 1e7,
      outputTokens: 2,
      status: "ok",
    };
  });
  return {
    ...columnsOf(records),
    record: (row) => records[row]!,
    classOf: (row) => (row % 4 === 0 ? "chat" : "batch"),
  };
}

it("tells each class's figures and its share within the limits, whoever was rejected missing them", () => {
  const { figures, hidden } = summariseClasses(table([10, 900, 900, 900, 90, 900, 900, 900, undefined]), classesOf(load({ classes: CLASSES }))); // prettier-ignore
  expect(figures).toMatchObject({
    "completed@chat": 2,
    "failed@chat": 1,
    "mean_ttft_ms@chat": 50,
    "attainment@chat": 1 / 3,
    "completed@batch": 6,
    "mean_ttft_ms@batch": 900,
  });
  expect(figures).not.toHaveProperty("attainment@batch");
  expect(hidden).toContain("p99_ttft_ms@chat");
});

it("measures a goal of a class on its requests alone, and needs as many more as its share is small", () => {
  const slos = parseSlos("p90_ttft@chat:50,mean_ttft:500");
  const { goals } = measureGoals({ table: table(Array.from({ length: 40 }, (_, row) => (row % 4 === 0 ? 20 : 980))) }, { slos }, { isSteady: false }); // prettier-ignore
  expect(goals).toEqual([
    { name: "p90_ttft@chat", value: 20, limit: 50, ratio: 0.4 },
    { name: "mean_ttft", value: 740, limit: 500, ratio: 1.48 },
  ]);
  const few = requestsToShow({ slos: parseSlos("p90_ttft:50") });
  expect(requestsToShow({ slos: [{ ...slos[0]!, share: 0.25 }] })).toBe(4 * few);
  const nameless = columnsOf([table([1]).record(0)]);
  expect(() => measureGoals({ table: nameless }, { slos }, { isSteady: false })).toThrow(/does not say the classes/);
  expect(() => parseSlos("p99_itl@chat:5")).toThrow(/itl is recorded only for all requests together/);
});
