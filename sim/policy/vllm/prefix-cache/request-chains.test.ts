/** Equal prefixes lie in the same places, whoever names them and from wherever; what nobody needs is not kept. */
import fc from "fast-check";
import type { ContentRuns } from "../../../../formats/index.js";
import type { SchedulerRequest } from "../../step.js";
import { ChainNode, type Chain } from "./content-chain.js";
import { RequestChains } from "./request-chains.js";

const BLOCK_SIZE = 4;

interface Turn {
  readonly after: number | undefined;
  readonly keep: number;
  readonly added: readonly (readonly [number, number])[];
  readonly outputs: number;
}

const turns: fc.Arbitrary<Turn[]> = fc.array(
  fc.record({
    after: fc.option(fc.nat(20), { nil: undefined, freq: 3 }),
    keep: fc.oneof(fc.constant(Infinity), fc.nat(60)),
    added: fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 14 })), {
      minLength: 1,
      maxLength: 3,
    }),
    outputs: fc.integer({ min: 1, max: 20 }),
  }),
  { minLength: 2, maxLength: 14 },
);

/** The turns as requests that follow each other, and the tokens of each one's prompt and answer. */
function requestsOf(drawn: readonly Turn[]): { requests: SchedulerRequest[]; tokens: number[][] } {
  const requests: SchedulerRequest[] = [];
  const tokens: number[][] = [];
  for (const [index, { after, keep, added, outputs }] of drawn.entries()) {
    const parent = after === undefined || index === 0 ? undefined : after % index;
    const begun = parent === undefined ? [] : tokens[parent]!.slice(0, keep);
    const prompt = [...begun, ...written(added)];
    const answer: ContentRuns = [[1, outputs]];
    tokens.push([...prompt, ...written(answer)]);
    const follows = parent === undefined ? {} : { follows: { index: parent, tokens: begun.length } };
    requests.push({ promptTokens: prompt.length, outputTokens: outputs, content: added, answer, ...follows });
  }
  return { requests, tokens };
}

function written(runs: ContentRuns): number[] {
  return runs.flatMap(([tokenId, length]) => Array.from({ length }, () => tokenId));
}

/** Where each block of known content lies: its node by number, and its place there. */
function placesOf({ nodes, ends }: Chain, numbers: Map<ChainNode, number>): string[] {
  const places: string[] = [];
  for (const [at, node] of nodes.entries()) {
    const number = numbers.get(node) ?? numbers.size;
    numbers.set(node, number);
    while (places.length < ends[at]!) places.push(`${number}/${places.length}`);
  }
  return places;
}

test("two blocks lie in one place exactly if all tokens up to their ends are equal", () => {
  fc.assert(
    fc.property(turns, fc.infiniteStream(fc.boolean()), (drawn, isHere) => {
      const { requests, tokens } = requestsOf(drawn);
      const chains = new RequestChains(new ChainNode(), requests, BLOCK_SIZE);
      const numbers = new Map<ChainNode, number>();
      const placeOf = new Map<string, string>();
      for (const index of requests.keys()) {
        // Of a request that went elsewhere its followers name everything themselves.
        if (isHere.next().value === false) {
          chains.absent(index);
          continue;
        }
        const places = placesOf(chains.start(index), numbers);
        expect(places).toHaveLength(Math.floor(tokens[index]!.length / BLOCK_SIZE));
        for (const [at, place] of places.entries()) {
          const prefix = tokens[index]!.slice(0, (at + 1) * BLOCK_SIZE).join();
          if (!placeOf.has(prefix)) placeOf.set(prefix, place);
          expect(placeOf.get(prefix)).toBe(place);
        }
      }
      expect(new Set(placeOf.values()).size).toBe(placeOf.size);
    }),
    { numRuns: 300, seed: 20_261_126 },
  );
});

test("a conversation is one node, and a branch one more", () => {
  const { requests } = requestsOf([
    { after: undefined, keep: 0, added: [[2, 10]], outputs: 5 },
    { after: 0, keep: Infinity, added: [[3, 6]], outputs: 7 },
    { after: 1, keep: Infinity, added: [[2, 90]], outputs: 5 },
    { after: 1, keep: 18, added: [[9, 90]], outputs: 5 },
  ]);
  const chains = new RequestChains(new ChainNode(), requests, BLOCK_SIZE);
  const nodes = requests.map((_, index) => chains.start(index).nodes);
  expect(nodes.map(({ length }) => length)).toEqual([1, 1, 1, 2]);
  expect(new Set(nodes.flat()).size).toBe(2);
});

test("chains are kept until the last follower has come, then nothing is left of them in the tree", () => {
  fc.assert(
    fc.property(turns, fc.infiniteStream(fc.boolean()), (drawn, choices) => {
      const { requests } = requestsOf(drawn);
      const root = new ChainNode();
      const chains = new RequestChains(root, requests, BLOCK_SIZE);
      const under: Chain[] = [];
      for (const index of requests.keys()) {
        if (choices.next().value === true) under.push(chains.start(index));
        else chains.absent(index);
        if (choices.next().value === true) for (const chain of under.splice(0)) chains.end(chain);
      }
      for (const chain of under) chains.end(chain);
      expect(root.isIdle).toBe(true);
    }),
    { numRuns: 300, seed: 20_261_127 },
  );
});
