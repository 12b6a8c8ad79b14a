/** Chunks of a streamed answer: what counts as one, and what holds no token. */
import { Answer } from "./answer.js";
import { answerLimits } from "./answer.js";

/** An answer of these chunks, read at 10, 20, ... ns, and ended. */
function answerOf(...choices: readonly object[]): Answer {
  const answer = new Answer({ text: true }, answerLimits({ promptTokens: 3, outputTokens: 2 }));
  const usage = { choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } };
  const events = [...choices.map((choice) => ({ choices: [choice] })), usage];
  events.forEach((event, at) => answer.read(Buffer.from(`data: ${JSON.stringify(event)}\n\n`), 10 * (at + 1)));
  answer.read(Buffer.from("data: [DONE]\n\n"), 10 * (events.length + 1));
  answer.ended();
  return answer;
}

test("a chat's first chunk that only names the role is before any token", () => {
  const { chunkNs, failure } = answerOf(
    { delta: { role: "assistant", content: "" } },
    { delta: { content: "a" } },
    { delta: { content: "b" }, finish_reason: "length" },
  );
  expect([chunkNs, failure]).toEqual([[20, 30], undefined]);
});

test.each([
  ["reasoning", { reasoning: "hm" }],
  ["reasoning under its former name", { reasoning_content: "hm" }],
  ["a tool call", { tool_calls: [{ index: 0, function: { name: "f" } }] }],
  ["text", { content: "a" }],
])("a first chunk with the role and %s holds a token", (_, said) => {
  const { chunkNs } = answerOf({ delta: { role: "assistant", content: null, ...said } }, { delta: { content: "b" } });
  expect(chunkNs).toEqual([10, 20]);
});

test("a role with token ids, or with an end, is a chunk, whatever its text", () => {
  const role = { role: "assistant", content: "" };
  expect(answerOf({ delta: role, token_ids: [7] }, { delta: { content: "b" } }).chunkNs).toEqual([10, 20]);
  expect(answerOf({ delta: role, finish_reason: "stop" }).chunkNs).toEqual([10]);
});
