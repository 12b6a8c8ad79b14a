import fc from "fast-check";
import type { ContentRuns, WorkloadRequest } from "../../../formats/index.js";
import { prefixCeiling } from "../index.js";

function prompts(...contents: ContentRuns[]): WorkloadRequest[] {
  return contents.map((content, at) => {
    const promptTokens = content.reduce((sum, [, tokens]) => sum + tokens, 0);
    return { id: String(at), promptTokens, outputTokens: 1, content };
  });
}

describe("the ceiling of prefix-cache hits", () => {
  it("counts whole blocks of the longest prefix of any earlier prompt", () => {
    const requests = prompts([[1, 20], [2, 20]], [[1, 20], [3, 50]], [[1, 20], [2, 15], [4, 9]], [[2, 40]]); // prettier-ignore
    expect(prefixCeiling(requests, 16)).toEqual({ hitTokens: 16 + 32, promptTokens: 194 });
    expect(prefixCeiling(requests, 1)).toEqual({ hitTokens: 20 + 35, promptTokens: 194 });
  });

  it("leaves at least one token to compute", () => {
    expect(prefixCeiling(prompts([[1, 32]], [[1, 32]], [[1, 33]]), 16)).toMatchObject({ hitTokens: 16 + 32 });
  });

  it("equals a search through all earlier prompts, token by token", () => {
    const runs = fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 1, max: 6 })), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(
        fc.array(runs, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 4 }),
        (contents, block) => {
          const texts = contents.map((content) => content.flatMap(([id, tokens]) => Array<number>(tokens).fill(id)));
          let hits = 0;
          texts.forEach((text, at) => {
            const common = texts.slice(0, at).map((earlier) => {
              const differs = text.findIndex((token, place) => earlier[place] !== token);
              return differs === -1 ? text.length : differs;
            });
            hits += Math.floor(Math.min(text.length - 1, Math.max(0, ...common)) / block) * block;
          });
          expect(prefixCeiling(prompts(...contents), block)!.hitTokens).toBe(hits);
        },
      ),
      { numRuns: 300 },
    );
  });
});
