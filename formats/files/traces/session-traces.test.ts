import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Trace } from "../../index.js";
import { readTrace } from "../index.js";
import type { TraceOptions } from "./read-trace.js";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-sessions-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** One token a word. */
const loadTokenizer = () => Promise.resolve((text: string) => text.split(" ").map((_, at) => at));

function read(content: string, options: Partial<TraceOptions> = {}, name = "trace"): Promise<Trace> {
  const path = join(folder, name);
  writeFileSync(path, content);
  return readTrace(path, { loadTokenizer, ...options });
}

const lines = (rows: readonly object[]): string => rows.map((row) => JSON.stringify(row)).join("\n");

describe("recorded agents", () => {
  const agent = (requests: readonly object[]): string =>
    JSON.stringify({ id: "x", block_size: 4, hash_id_scope: "local", tool_tokens: 6, system_tokens: 3, requests });
  const first = { t: 0, in: 14, out: 5, hash_ids: [1, 2, 3], think_time: 0, api_time: 2 };

  it("continue the whole turn before, its answer included, or the blocks that are the same", async () => {
    const { format, sessions } = await read(
      agent([
        first,
        { t: 9, in: 25, out: 2, hash_ids: [1, 2, 3, 4, 5, 6], think_time: 7 },
        { t: 30, in: 26, out: 2, hash_ids: [1, 2, 3, 4, 5, 6] },
        { t: 40, in: 13, out: 2, hash_ids: [1, 2, 9], think_time: 1 },
      ]),
    );
    expect(format).toBe("agent");
    expect(sessions).toEqual([
      {
        id: "x",
        turns: [
          { promptTokens: 14, outputTokens: 5, pauseNs: 0, shared: [[-2, 6], [-3, 3]] }, // prettier-ignore
          { promptTokens: 25, outputTokens: 2, after: 0, pauseNs: 7e9, follows: { turn: 0, tokens: 19 } },
          // One token more: no room for the answer. Sent 21 s after the turn before, whose answer has no time.
          { promptTokens: 26, outputTokens: 2, after: 1, pauseNs: 21e9, follows: { turn: 1, tokens: 25 } },
          { promptTokens: 13, outputTokens: 2, after: 2, pauseNs: 1e9, follows: { turn: 2, tokens: 8 } },
        ],
      },
    ]);
  });

  it("may be a folder, leave out turns without tokens, and have one size of blocks", async () => {
    const inner = join(folder, "agents");
    mkdirSync(inner);
    writeFileSync(join(inner, "b.json"), agent([{ ...first, out: 0 }, first]));
    writeFileSync(join(inner, "a.json"), agent([first]));
    const { sessions, rows, notes } = await readTrace(inner, { loadTokenizer });
    expect([sessions!.length, rows, notes]).toEqual([2, 3, ["1 of 3 rows left out: 0 input or output tokens"]]);
    await expect(read(agent([{ ...first, hash_ids: [1] }]))).rejects.toThrow(
      "requests[0] (turn 0): hash_ids: got 1 ids, expected 3 or 4 for in 14 in blocks of 4 tokens",
    );
  });
});

describe("chats", () => {
  const row = (chat_id: number, parent_chat_id: number, turn: number, more: object = {}): object => {
    return { chat_id, parent_chat_id, turn, timestamp: chat_id, input_length: 20 * turn, output_length: 4, ...more };
  };

  it("are trees of turns, with a pause as long as the time between their timestamps", async () => {
    const { format, sessions, notes } = await read(
      lines([row(5, -1, 1), row(6, 5, 2), row(8, 5, 2), row(9, 7, 3), row(10, 8, 3)]),
      { format: "chat" },
    );
    expect(format).toBe("chat");
    expect(sessions!.map(({ id, startNs, turns }) => [id, startNs, turns.length])).toEqual([["5", 0, 4], ["9", 4e9, 1]]); // prettier-ignore
    const goesOn = { outputTokens: 4, follows: { turn: 0, tokens: 24 }, after: 0 };
    expect(sessions![0]!.turns.slice(1)).toEqual([
      { ...goesOn, promptTokens: 40, pauseNs: 1e9 },
      { ...goesOn, promptTokens: 40, pauseNs: 3e9 },
      { ...goesOn, promptTokens: 60, pauseNs: 2e9, follows: { turn: 2, tokens: 44 }, after: 2 },
    ]);
    expect(notes[0]).toBe("1 turns continue chats that the file lacks, and begin sessions of their own");
  });

  it("share what their hashes share", async () => {
    const { sessions } = await read(
      lines([row(1, -1, 1, { hash_ids: [3, 4] }), row(2, 1, 2, { hash_ids: [3, 8, 9] })]),
      { format: "chat" },
    );
    expect(sessions![0]!.turns[0]!.shared).toEqual([[-13, 16], [-14, 4]]); // prettier-ignore
    expect(sessions![0]!.turns[1]!.follows).toEqual({ turn: 0, tokens: 24 });
  });

  it.each([
    ["a gap in its turns", [row(1, -1, 1), row(2, 1, 3)], ":2: chat 2, turn 3: its parent is turn 1, expected turn 2"],
    ["a loop", [row(1, 2, 2), row(2, 1, 2)], ": its parents lead back to it"],
    ["a prompt that shrinks", [row(1, -1, 1), row(2, 1, 2, { input_length: 3 })], ":2: chat 2, turn 2: input_length 3 is below its parent's 20"], // prettier-ignore
    ["hashes of another size", [row(1, -1, 1, { hash_ids: [1] })], ":1: chat 1, turn 1: hash_ids: got 1 ids, expected 2"], // prettier-ignore
    ["a chat twice", [row(1, -1, 1), row(1, -1, 1)], ":2: chat 1, turn 1: line 1 has that chat_id"],
    ["a turn before its parent", [row(3, -1, 1), row(2, 3, 2)], ":2: chat 2, turn 2: timestamp is before its parent's"],
  ])("are rejected for %s, by line, chat and turn", async (_, rows, message) => {
    await expect(read(lines(rows), { format: "chat" })).rejects.toThrow(message);
  });
});

describe("sessions of several turns", () => {
  it("have new tokens as text or as a number, and a delay before each but the first", async () => {
    const turns = [{ text: "one two three", output_length: 5, delay: 9 }, { input_length: 7, output_length: 2, delay: 1500 }]; // prettier-ignore
    const { format, sessions } = await read(lines([{ session_id: "s", turns }]));
    expect(format).toBe("multi_turn");
    expect(sessions![0]!.turns).toEqual([
      { promptTokens: 3, outputTokens: 5, pauseNs: 0 },
      { promptTokens: 15, outputTokens: 2, pauseNs: 1.5e9, after: 0, follows: { turn: 0, tokens: 8 } },
    ]);
    await expect(read(lines([{ session_id: "s", turns: [{ output_length: 5 }] }]))).rejects.toThrow(
      ":1: session s, turn 0: got neither text nor input_length",
    );
    await expect(
      read(
        lines([
          { session_id: "s", turns },
          { session_id: "s", turns },
        ]),
      ),
    ).rejects.toThrow(":2: session s appears a second time");
  });

  it("are ShareGPT conversations turn by turn, without what has no answer", async () => {
    const said = (from: string, words: number) => ({ from, value: Array(words).fill("w").join(" ") });
    const { sessions, notes } = await read(
      JSON.stringify([
        {
          id: "c",
          conversations: [said("human", 3), said("gpt", 4), said("human", 2), said("gpt", 1), said("human", 9)],
        },
        { id: "d", conversations: [said("human", 3)] },
      ]),
      { format: "sharegpt_turns" },
    );
    expect(sessions!.map(({ id, turns }) => [id, turns.map((one) => [one.promptTokens, one.outputTokens])])).toEqual([
      ["c", [[3, 4], [9, 1]]], // prettier-ignore
    ]);
    expect(notes).toEqual(["1 of 2 rows left out: no answer"]);
  });
});
