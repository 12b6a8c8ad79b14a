/** A turn of a conversation finds the blocks of the turns before, their answers' included. */
import fc from "fast-check";
import type { ContentRuns } from "../../../formats/index.js";
import { Scenario } from "./scenario.fixture.js";
import type { SchedulerRequest } from "../step.js";

const prefixCaching = true;

/** Turns that each follow one before, as lists of what they add, and the same requests with their prompts written out. */
function conversation(
  turns: readonly { after?: number | undefined; keep?: number | undefined; added: number; outputs: number }[],
): { following: SchedulerRequest[]; whole: SchedulerRequest[] } {
  const following: SchedulerRequest[] = [];
  const whole: SchedulerRequest[] = [];
  for (const [index, { after, keep = Infinity, added, outputs }] of turns.entries()) {
    const before = after === undefined ? undefined : whole[after]!;
    const past = before === undefined ? [] : [...before.content!, ...before.answer!];
    const tokens = Math.min(keep, tokensOf(past));
    const content: ContentRuns = [[2 * index, added]];
    const answer: ContentRuns = [[2 * index + 1, outputs]];
    const request = { promptTokens: tokens + added, outputTokens: outputs, answer };
    whole.push({ ...request, content: [...cut(past, tokens), ...content] });
    following.push({ ...request, content, ...(after === undefined ? {} : { follows: { index: after, tokens } }) });
  }
  return { following, whole };
}

function tokensOf(runs: ContentRuns): number {
  return runs.reduce((sum, [, tokens]) => sum + tokens, 0);
}

function cut(runs: ContentRuns, tokens: number): ContentRuns {
  let left = tokens;
  return runs.flatMap(([tokenId, length]) => {
    const kept = Math.min(length, left);
    left -= kept;
    return kept > 0 ? [[tokenId, kept] as const] : [];
  });
}

/** The turns one after the other: what each one has to compute in its first pass. */
function firstPasses(requests: readonly SchedulerRequest[], numGpuBlocks = 1000): string[] {
  const scenario = new Scenario(
    { prefixCaching, numGpuBlocks, maxNumBatchedTokens: 4096, maxModelLen: 4096 },
    requests,
    0,
  );
  return requests.map((_, index) => {
    scenario.add(index);
    return scenario.run()[0]!;
  });
}

describe("conversations in the KV cache", () => {
  it("find their own answers, up to the last token, whose keys and values were never computed", () => {
    // 40 + 24 tokens: the 64th is not computed, 48 are cached; then 80 + 17 - 1 = 96.
    const { following } = conversation([
      { added: 40, outputs: 24 },
      { after: 0, added: 16, outputs: 17 },
      { after: 1, added: 3, outputs: 1 },
    ]);
    expect(firstPasses(following)).toEqual(["0:40*", "1:32*", "2:4*"]);
  });

  it("share what they branch from: an answer, a prompt, or a part of either", () => {
    const { following } = conversation([
      { added: 64, outputs: 33 },
      { after: 0, added: 10, outputs: 1 },
      { after: 0, keep: 64, added: 10, outputs: 1 },
      { after: 0, keep: 70, added: 10, outputs: 1 },
      { after: 0, keep: 20, added: 10, outputs: 1 },
    ]);
    // Of 97 + 10 tokens 96 are cached, of 74 and of 80 tokens 64, of 30 tokens 16.
    expect(firstPasses(following)).toEqual(["0:64*", "1:11*", "2:10*", "3:16*", "4:14*"]);
  });

  it("are keyed as if every prompt were written out, whatever is evicted", () => {
    const turn = fc.record({
      after: fc.option(fc.nat(100), { nil: undefined }),
      keep: fc.option(fc.nat(200), { nil: undefined }),
      added: fc.integer({ min: 1, max: 40 }),
      outputs: fc.integer({ min: 1, max: 40 }),
    });
    fc.assert(
      fc.property(
        fc.array(turn, { minLength: 2, maxLength: 12 }),
        fc.boolean(),
        fc.boolean(),
        (drawn, atOnce, isTight) => {
          const turns = drawn.map(({ after, ...rest }, index) => ({
            ...rest,
            after: after === undefined || index === 0 ? undefined : after % index,
          }));
          const { following, whole } = conversation(turns);
          const longest = Math.max(...whole.map(({ promptTokens, outputTokens }) => promptTokens + outputTokens));
          const numGpuBlocks = isTight ? 2 + Math.ceil(longest / 16) : 1000;
          if (!atOnce) expect(firstPasses(following, numGpuBlocks)).toEqual(firstPasses(whole, numGpuBlocks));
          else {
            const [one, other] = [following, whole].map(
              (requests) => new Scenario({ prefixCaching, numGpuBlocks }, requests),
            );
            expect(one!.run()).toEqual(other!.run());
          }
        },
      ),
      { numRuns: 200, seed: 19 },
    );
  });
});
