import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { check, type Workload } from "../../formats/index.js";
import {
  affineCost,
  endProblems,
  idleProblems,
  observe,
  overlapProblems,
  timeProblems,
  tokenProblems,
} from "./policy.conformance.js";
import { createShortestFirst, shortestFirstSettings } from "./shortest-first.fixture.js";

const create = (settings: object) => createShortestFirst(check(shortestFirstSettings, settings, { source: "test" }));

/** Requests that all arrive at 0, by the length of their answers. */
function atOnce(outputTokens: readonly number[]): Workload {
  const requests = outputTokens.map((tokens, at) => ({
    id: String(at),
    arrivalNs: 0,
    promptTokens: 4,
    outputTokens: tokens,
  }));
  return { requests, maxConcurrency: Infinity, thinkNs: 0 };
}

test("docs/adding-a-policy.md shows this very policy", () => {
  const policy = readFileSync(join("sim", "policy", "shortest-first.fixture.ts"), "utf8");
  expect(readFileSync(join("docs", "adding-a-policy.md"), "utf8")).toContain("```ts\n" + policy + "```\n");
});

test("it runs the shortest answers first, and the batch as long as its longest", () => {
  const { ran } = observe(create({ batch_size: 2 }), atOnce([9, 3, 7, 1, 5]), affineCost({ fixedNs: 1e6 }));
  expect(ran.map(({ work }) => work.requests.map(({ outputTokens }) => outputTokens))).toEqual([[1, 3], [5, 7], [9]]);
  expect(ran.map(({ work }) => [work.outputTokens, work.reason])).toEqual([
    [3, "full"],
    [7, "full"],
    [9, "timeout"],
  ]);
});

test("it keeps what every policy must keep", () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), lengths, (batchSize, outputTokens) => {
      const workload = atOnce(outputTokens);
      const run = observe(create({ batch_size: batchSize }), workload, affineCost({ fixedNs: 1e6, perRowNs: 1e5 }));
      const broken = [endProblems, overlapProblems, timeProblems].flatMap((problems) => problems(run));
      expect([...broken, ...tokenProblems(run, workload), ...idleProblems(run)]).toEqual([]);
    }),
    { numRuns: 80, seed: 1 },
  );
});
