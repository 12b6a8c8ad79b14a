import type { CostTerm } from "../../formats/index.js";
import { decodeQuantities, prefillQuantities, sumTerms, termQuantity } from "./index.js";

/** A term over rows at 1 ns. */
function rowsTerm(clip: Pick<CostTerm, "upto" | "beyond">): CostTerm {
  return { basis: "rows", coefficient_ns: 1, ...clip };
}

function at(rows: number, clip: Pick<CostTerm, "upto" | "beyond">): number {
  return termQuantity(rowsTerm(clip), decodeQuantities(rows, 0));
}

describe("a cost term", () => {
  it("grows without a clip as its quantity does", () => {
    expect([0, 3, 99].map((rows) => at(rows, {}))).toEqual([0, 3, 99]);
  });

  it("stops growing at upto", () => {
    expect([2, 8, 9, 99].map((rows) => at(rows, { upto: 8 }))).toEqual([2, 8, 8, 8]);
  });

  it("begins to grow beyond its knot", () => {
    expect([2, 8, 9, 20].map((rows) => at(rows, { beyond: 8 }))).toEqual([0, 0, 1, 12]);
  });

  it("grows between both knots when it has both", () => {
    expect([2, 8, 9, 16, 99].map((rows) => at(rows, { beyond: 8, upto: 16 }))).toEqual([0, 0, 1, 8, 8]);
  });

  it("cut in two at a knot is the whole", () => {
    for (const rows of [1, 7, 8, 9, 30]) expect(at(rows, { upto: 8 }) + at(rows, { beyond: 8 })).toBe(rows);
  });
});

describe("a term of some batches alone", () => {
  const base = (clip: Pick<CostTerm, "rows_upto" | "rows_beyond">): number[] =>
    [4, 8, 9, 16, 17].map((rows) => termQuantity({ basis: "base", ...clip }, decodeQuantities(rows, 0)));

  it("counts up to its rows, beyond them, or between", () => {
    expect(base({ rows_upto: 8 })).toEqual([1, 1, 0, 0, 0]);
    expect(base({ rows_beyond: 8 })).toEqual([0, 0, 1, 1, 1]);
    expect(base({ rows_beyond: 8, rows_upto: 16 })).toEqual([0, 0, 1, 1, 0]);
  });
});

test("terms are summed, each over its own quantity", () => {
  const terms: CostTerm[] = [
    { basis: "base", coefficient_ns: 1000 },
    { basis: "rows", coefficient_ns: 100 },
    { basis: "tokens", coefficient_ns: 10 },
    { basis: "attention_pairs", coefficient_ns: 1 },
    { basis: "context_tokens", coefficient_ns: 1e6 },
  ];
  // 2 rows of 5 tokens: 10 tokens, 2 * 5 * 6 / 2 = 30 pairs, no context.
  expect(sumTerms(terms, prefillQuantities(2, 5))).toBe(1000 + 200 + 100 + 30);
  expect(sumTerms([], prefillQuantities(2, 5))).toBe(0);
});

test("a decode step reads its context and leaves one token more a row", () => {
  expect(decodeQuantities(3, 40)).toEqual({
    base: 1,
    rows: 3,
    tokens: 3,
    attention_pairs: 0,
    context_tokens: 40,
    kv_tokens: 43,
  });
});
