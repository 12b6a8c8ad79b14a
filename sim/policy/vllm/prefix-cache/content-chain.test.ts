/** Where blocks lie, by hand: nodes that branch off within a block, that have no block, and chains that begin in them. */
import type { ContentRuns } from "../../../../formats/index.js";
import { Chain, ChainNode } from "./content-chain.js";

const BLOCK_SIZE = 4;

function chainOf(root: ChainNode, runs: ContentRuns, before?: readonly [chain: Chain, tokens: number]): Chain {
  const chain = new Chain(root, BLOCK_SIZE);
  if (before !== undefined) chain.begin(...before);
  for (const [tokenId, tokens] of runs) chain.add(tokenId, tokens);
  chain.finish();
  return chain;
}

test("chains that part within a block have the blocks before it in common, and not that one", () => {
  const root = new ChainNode();
  const first = chainOf(root, [[1, 10], [2, 10]]); // prettier-ignore
  const second = chainOf(root, [[1, 10], [3, 10]]); // prettier-ignore
  expect([first.nodes, first.ends]).toEqual([[root], [5]]);
  expect([second.nodes, second.ends]).toEqual([
    [root, second.tip],
    [2, 5],
  ]);
  expect([second.tip.start, second.tip.firstBlock]).toEqual([10, 2]);
});

test("a chain passes a node that has no block of it", () => {
  const root = new ChainNode();
  chainOf(root, [[1, 20]]);
  const second = chainOf(root, [[1, 9], [2, 11]]); // prettier-ignore
  const third = chainOf(root, [[1, 9], [2, 1], [3, 10]]); // prettier-ignore
  expect(third.tip.parent).toBe(second.tip);
  expect([third.nodes, third.ends]).toEqual([
    [root, third.tip],
    [2, 5],
  ]);
});

test("a chain begins with tokens of another, those of a node without blocks included", () => {
  const root = new ChainNode();
  chainOf(root, [[1, 20]]);
  const second = chainOf(root, [[1, 9], [2, 11]]); // prettier-ignore
  const third = chainOf(root, [[1, 9], [2, 1], [3, 10]]); // prettier-ignore
  const again = chainOf(root, [[2, 10]], [third, 10]);
  expect([again.tip, again.nodes, again.ends]).toEqual([second.tip, second.nodes, second.ends]);
});

test("a run of the id that a node ends with makes that run longer", () => {
  const root = new ChainNode();
  chainOf(root, [[1, 5], [1, 5]]); // prettier-ignore
  const longer = chainOf(root, [[1, 14], [2, 2]]); // prettier-ignore
  expect([longer.nodes, longer.ends, root.end]).toEqual([[root], [4], 16]);
  expect(
    chainOf(root, [
      [1, 12],
      [2, 4],
    ]).tip.start,
  ).toBe(12);
});

test("a chain that is used again has nothing of what it was", () => {
  const root = new ChainNode();
  chainOf(root, [[1, 20]]);
  const chain = chainOf(root, [[1, 6], [2, 8]]); // prettier-ignore
  chain.restart();
  chain.add(1, 8);
  chain.finish();
  expect([chain.tip, chain.nodes, chain.ends, chain.tokens]).toEqual([root, [root], [2], 8]);
});

test("unknown tokens lie in the node of the first chain that ends where it ends; who goes on there branches off", () => {
  const root = new ChainNode();
  const [first, same, longer, shorter] = [chainOf(root, [[1, 10]]), chainOf(root, [[1, 10]]), chainOf(root, [[1, 10]]), chainOf(root, [[1, 6]])]; // prettier-ignore
  for (const chain of [shorter, first, same]) chain.own();
  longer.add(2, 10);
  longer.finish();
  expect([first.nodes, first.ends]).toEqual([[root], [Infinity]]);
  expect(same.nodes).toEqual([root, expect.not.objectContaining({ parent: root })]);
  expect(same.ends).toEqual([2, Infinity]);
  expect([shorter.nodes.length, shorter.ends]).toEqual([2, [1, Infinity]]);
  expect([longer.tip.start, longer.tip.firstBlock, longer.tip.parent]).toEqual([10, 2, root]);
});
