import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSchema } from "../../../formats/index.js";
import { loadAt, mostRequests, readSource, varyOf, workloadAt } from "./load-source.js";
import { without } from "./made-from.js";

const folder = mkdtempSync(join(tmpdir(), "servesim-load-source-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const drawn = loadSchema.parse({ dataset_name: "sessions", session_rate: 1 });
const traced = { workload: join(folder, "chat.jsonl"), trace_format: "chat" };
const turn = { chat_id: 1, parent_chat_id: -1, timestamp: 0, input_length: 20, output_length: 4, turn: 1, hash_ids: [1, 2] }; // prettier-ignore
beforeAll(() => {
  writeFileSync(traced.workload, `${JSON.stringify(turn)}\n${JSON.stringify({ ...turn, chat_id: 2, timestamp: 3 })}\n`);
});

test("of sessions the rate at which they begin is varied, or how many are under way, and a load says neither itself", async () => {
  const unrated = without(drawn, ["session_rate"]);
  const source = await readSource(unrated, undefined, "rate");
  expect(varyOf(source, "rate")).toBe("session_rate");
  expect(varyOf({ kind: "lengths" }, "rate")).toBe("request_rate");
  expect(loadAt(unrated, source, "max_sessions", { x: 7, count: 90 })).toMatchObject({
    max_sessions: 7,
    num_sessions: 90,
  });
  await expect(readSource(drawn, undefined, "rate")).rejects.toThrow(/^--session-rate 1: servesim finds this value/);
  await expect(readSource(drawn, undefined, "max_sessions")).rejects.toThrow(/leave out --session-rate/);
});

test("a number that the load does not have is named, with those that it has", async () => {
  await expect(readSource(drawn, undefined, "request_rate")).rejects.toThrow(
    "--vary request_rate: the load is one of sessions, expected session_rate or max_sessions",
  );
  const requests = loadSchema.parse({ dataset_name: "random" });
  await expect(readSource(requests, undefined, "max_sessions")).rejects.toThrow("the load has no sessions");
});

test("the sessions of a trace keep their times where nothing else says when they begin", async () => {
  const own = await readSource(loadSchema.parse(traced), undefined, "replicas");
  const rated = await readSource(loadSchema.parse({ ...traced, session_rate: 2 }), undefined, "replicas");
  const sought = await readSource(loadSchema.parse(traced), undefined, "rate");
  expect([own, rated, sought]).toMatchObject([{ isTimed: true }, { isTimed: false }, { isTimed: false }]);
  expect([own, rated, sought].map(mostRequests)).toEqual([2, Infinity, Infinity]);
  const load = loadAt(loadSchema.parse(traced), sought, "session_rate", { x: 5, count: 6 });
  const { requests, sessions } = workloadAt(load, sought, "1");
  expect(sessions!.count).toBe(6);
  expect(new Set(requests.map(({ id }) => id)).size).toBe(requests.length);
});
