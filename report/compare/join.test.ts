import { joinRuns, type PairedRun } from "./join.js";
import { buildRun } from "./run-builder.fixture.js";

/** Ids of the pairs, run by run. */
const idsOf = (runs: readonly PairedRun[]): string[][] =>
  runs.map(({ columns, rows }) => Array.from(rows, (row) => columns.requestId(row)));

const done = (id: string) => ({ id, firstMs: 1, lastMs: 2 });

describe("joinRuns", () => {
  it("pairs by request id, whatever the order", () => {
    const sim = buildRun("sim", [done("a"), done("b")]);
    const { pairs, report } = joinRuns([sim], [buildRun("real", [done("b"), done("a")])]);
    expect([idsOf(pairs.sims), idsOf(pairs.reals)]).toEqual([[["a", "b"]], [["a", "b"]]]);
    expect(report).toMatchObject({ matched: 2, not_ok: 0, different_lengths: 0 });
  });

  it("names a few ids that one side lacks, and leaves out what did not finish everywhere", () => {
    const sim = buildRun("sim", ["a", "b", "c", "d", "e", "f"].map(done));
    const real = buildRun("real", [done("a"), { ...done("b"), status: "error" }, done("x")]);
    expect(joinRuns([sim], [real]).report).toEqual({
      matched: 1,
      not_ok: 1,
      only_in_sim: { count: 4, examples: ["c", "d", "e"] },
      only_in_real: { count: 1, examples: ["x"] },
      different_lengths: 0,
    });
  });

  it("pairs ids that are the numbers of their rows with ids that are not", () => {
    const sim = buildRun("sim", ["0", "1", "2", "3"].map(done));
    const real = buildRun("real", ["3", "01", "2", "-1", "1e0", "4"].map(done));
    for (const [left, right] of [
      [sim, real],
      [real, sim],
    ] as const) {
      const { pairs } = joinRuns([left], [right]);
      expect(idsOf(pairs.sims).flat().sort()).toEqual(["2", "3"]);
      expect(idsOf(pairs.reals)).toEqual(idsOf(pairs.sims));
    }
  });

  it("counts requests that were not the same work in every run", () => {
    const sim = buildRun("sim", [done("a"), done("b")]);
    const real = buildRun("real", [done("a"), { ...done("b"), outputTokens: 9 }]);
    expect(joinRuns([sim], [real]).report.different_lengths).toBe(1);
  });

  it("rejects runs that share no id, naming the one", () => {
    const sim = buildRun("sim", [done("a"), done("b")]);
    const others = buildRun("real", ["1", "2", "3", "4"].map(done));
    expect(() => joinRuns([sim], [buildRun("real", [done("a")]), others])).toThrow(
      'the runs share no request id: 2 ("a", "b") in the simulated run, 4 ("1", "2", "3", ...) in real run 2 of 2',
    );
    expect(() => joinRuns([sim], [buildRun("real", [])])).toThrow("none in the real run; compare runs of the same");
  });

  it("rejects an id twice, runs in which nothing finished, and no real run", () => {
    const sim = buildRun("sim", [done("a")]);
    expect(() => joinRuns([sim], [buildRun("real", [done("a"), done("a")])])).toThrow(
      'the real run (naive) has request id "a" more than once',
    );
    expect(() => joinRuns([sim], [buildRun("real", [{ id: "a", status: "error" }])])).toThrow(
      "no request finished in every run: 1 ids are shared",
    );
    expect(() => joinRuns([sim], [])).toThrow("no real run to compare with");
  });

  it("takes one simulation for each real run, and no other number", () => {
    const sims = [buildRun("sim", [done("a"), done("b")]), buildRun("sim", [done("b"), done("a")])];
    const reals = [buildRun("real", [done("a"), done("b")]), buildRun("real", [done("a")])];
    const { pairs } = joinRuns(sims, reals);
    expect(idsOf(pairs.sims)).toEqual([["a"], ["a"]]);
    expect(() => joinRuns(sims, [...reals, reals[0]!])).toThrow("comparing 2 simulations with 3 real runs");
  });
});
