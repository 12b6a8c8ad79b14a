/** Which conversations need the scheduler that has every block. */
import type { SchedulerRequest } from "../../step.js";
import { areAnswersFinished } from "./finished-answers.js";

const first: SchedulerRequest = { promptTokens: 40, outputTokens: 8, content: [[0, 40]], answer: [[1, 8]], turn: {} };
const next = (index: number, after: number, follows: number): SchedulerRequest => ({
  promptTokens: 60,
  outputTokens: 8,
  content: [[2 * index, 12]],
  answer: [[2 * index + 1, 8]],
  follows: { index: follows, tokens: 48 },
  turn: { after },
});

it.each([
  ["turns that each wait for the one they continue", [first, next(1, 0, 0), next(2, 1, 1)], true],
  ["a turn that goes back to an earlier one", [first, next(1, 0, 0), next(2, 1, 0)], true],
  ["a turn that is sent beside the one it continues", [first, next(1, 0, 0), next(2, 0, 1)], false],
  ["a turn that waits for none", [first, { ...next(1, 0, 0), turn: {} }], false],
  ["two answers of the same tokens", [first, { ...next(1, 0, 0), answer: [[1, 8] as const] }], false],
  [
    "a prompt that has an answer's tokens written out",
    [first, { ...next(1, 0, 0), content: [[1, 12] as const] }],
    false,
  ],
  ["an answer that is like no other, which is followed", [{ ...first, answer: undefined }, next(1, 0, 0)], false],
] as const)("%s", (_, requests, isFinished) => {
  expect(areAnswersFinished(requests as readonly SchedulerRequest[])).toBe(isFinished);
});
