import fc from "fast-check";
import { contentTokens, type ContentRuns } from "../../formats/index.js";
import { PromptIndex } from "./prompt-index.js";

/** Prompts as texts of one letter a token. */
function runsOf(text: string): ContentRuns {
  return [...text.matchAll(/(.)\1*/g)].map(([run]) => [run.charCodeAt(0), run.length]);
}

/** The same by definition: the latest prompts as texts, each prefix with the time of its last use. */
function foundByDefinition(sent: readonly string[], prompt: string): number {
  let most = 0;
  for (const text of sent) {
    let common = 0;
    while (common < prompt.length && text[common] === prompt[common]) common++;
    most = Math.max(most, common);
  }
  return most;
}

const texts = fc.array(
  fc
    .array(fc.constantFrom("a", "b", "aa", "bbb", "aaaaa"), { minLength: 1, maxLength: 8 })
    .map((parts) => parts.join("")),
  { minLength: 1, maxLength: 25 },
);

test("within its bound it finds the longest prefix of any prompt that was sent", () => {
  fc.assert(
    fc.property(texts, (sent) => {
      const index = new PromptIndex(Infinity);
      for (const [at, text] of sent.entries()) {
        expect(index.found(runsOf(text))).toBe(foundByDefinition(sent.slice(0, at), text));
        index.add(runsOf(text));
      }
      const prefixes = new Set(sent.flatMap((text) => Array.from(text, (_, end) => text.slice(0, end + 1))));
      expect(index.tokens).toBe(prefixes.size);
    }),
    { numRuns: 300, seed: 4 },
  );
});

test("beyond its bound it keeps exactly the tokens sent last, ends of prompts going first", () => {
  fc.assert(
    fc.property(texts, fc.integer({ min: 1, max: 60 }), (sent, most) => {
      const index = new PromptIndex(most);
      const usedAt = new Map<string, number>();
      for (const [at, text] of sent.entries()) {
        index.add(runsOf(text));
        for (let end = 1; end <= text.length; end++) usedAt.set(text.slice(0, end), at);
        const kept = [...usedAt].sort(([a, atA], [b, atB]) => atB - atA || a.length - b.length).slice(0, most);
        usedAt.clear();
        for (const [prefix, time] of kept) usedAt.set(prefix, time);
        expect(index.tokens).toBe(usedAt.size);
        for (const other of sent) {
          let found = 0;
          while (usedAt.has(other.slice(0, found + 1)) && found < other.length) found++;
          expect(index.found(runsOf(other))).toBe(found);
        }
      }
    }),
    { numRuns: 300, seed: 5 },
  );
});

test("a prompt longer than the bound keeps its beginning", () => {
  const index = new PromptIndex(10);
  const prompt: ContentRuns = [[1, 8], [2, 8]]; // prettier-ignore
  index.add(prompt);
  expect([index.tokens, index.found(prompt), contentTokens(prompt)]).toEqual([10, 10, 16]);
});
