import type { StatisticComparison, Verdict } from "../../../report/compare/index.js";
import { answerOf, statementOf } from "./answer-text.js";
import { meanLatency, type Figure } from "./cell-figures.js";
import { rankings } from "./ranking.js";
import type { CellResult } from "../results.js";

const compared = (error: number, verdict: Verdict): StatisticComparison =>
  ({ error_fraction: error, verdict, tolerance_fraction: 0.05 }) as StatisticComparison;

const figure = (policy: string, sim: number, reals: readonly number[] = [], more: Partial<Figure> = {}): Figure => ({
  cell: { name: `${policy}--closed`, policy, load: "closed" } as CellResult,
  sim,
  reals,
  isAbove: false,
  ...more,
});
const underPoisson = (of: Figure): Figure => ({
  ...of,
  cell: { ...of.cell, name: `${of.cell.policy}--poisson`, load: "poisson" },
});

const answer = (...figures: readonly Figure[]) => answerOf(rankings(figures, meanLatency), {});
const statement = (...figures: readonly Figure[]): string =>
  statementOf(rankings(figures, meanLatency)[0]!, meanLatency);

const vllm = figure("vllm", 110, [100, 102, 98], { compared: compared(0.1, "differs") });
const naive = figure("naive", 190, [200, 204, 196], { compared: compared(-0.05, "agrees") });

test("a policy that is first under every load wins, and the order is believed where it is no chance", () => {
  const { headline, paragraphs } = answer(vllm, naive, underPoisson(vllm), underPoisson(naive));
  expect(headline).toBe("vllm answers fastest under both loads.");
  expect(paragraphs[0]).toBe(
    "The winner can be believed. The simulation names the same winner under both loads, and the lead in the " +
      "real runs is larger than chance makes between 3 repeats.",
  );
});

test("each load has its own winner, by how much, with the interval of the lead", () => {
  const slow = underPoisson(figure("vllm", 300, [300, 303, 297]));
  const fast = underPoisson(figure("naive", 100, [100, 101, 99]));
  expect(answer(vllm, naive, slow, fast).headline).toBe("vllm answers fastest under closed and naive under poisson.");
  expect(statement(vllm, naive)).toBe("vllm is best: mean latency 100 ms, 50 % (46 to 54 %) less than naive.");
});

test("a lead that chance explains is no win", () => {
  const near = figure("naive", 105, [101, 130, 99]);
  expect(answer(vllm, near).headline).toBe("Under closed, vllm and naive are too close to tell apart.");
  expect(statement(vllm, near)).toBe(
    "vllm and naive cannot be told apart: mean latency 100 ms and 110 ms, and chance alone makes such a difference.",
  );
  expect(answer(vllm, near).paragraphs[0]).toMatch(/^The winner is not certain everywhere\./);
});

test("a simulation that names another winner is not believed", () => {
  const [text] = answer(figure("vllm", 300, [100, 101, 99]), naive).paragraphs;
  expect(text).toMatch(
    /^The winner is not certain everywhere\. The simulation names the same winner under 0 of 1 loads/,
  );
});

test("a policy that cannot keep up is last, whatever its figures, and is not compared by them", () => {
  const above = figure("dynamic", 50, [50, 51, 49], { isAbove: true });
  expect(statement(above, naive)).toBe(
    "naive is best: mean latency 200 ms, while dynamic cannot keep up with this load.",
  );
  expect(statement(above)).toBe("Every policy gets more than it can serve: latencies grow with the run.");
});

test("simulated only: the winner is a prediction, clear where intervals do not overlap", () => {
  const [a, b] = [
    figure("vllm", 100, [], { simInterval: [90, 110] }),
    figure("naive", 200, [], { simInterval: [180, 220] }),
  ];
  expect(answer(a, b)).toEqual({
    headline: "vllm answers fastest.",
    paragraphs: [
      "The order is a prediction: nothing was run for real. The intervals of the first two do not overlap under any load.",
      "Nothing was run for real, so the figures are predictions. Set num_runs in the experiment to check them.",
    ],
  });
  expect(statement(a, { ...b, simInterval: [105, 300] })).toMatch(/^vllm and naive cannot be told apart/);
  expect(statement(figure("vllm", 12_345), figure("naive", 20_000))).toBe(
    "vllm is best: mean latency 12.3 s, simulated, 38 % less than naive; how much runs differ is not known.",
  );
});

test("one policy alone has nothing to win", () => {
  expect(answer(vllm, underPoisson(vllm)).headline).toBe(
    "vllm answers in 100 ms under closed and 100 ms under poisson on average.",
  );
});

test("single figures are judged by their verdicts, with the largest error", () => {
  const figures = (...verdicts: readonly Verdict[]): string =>
    answer(
      ...verdicts.map((verdict, at) => figure(`p${at}`, 100, [100, 120], { compared: compared(0.01 * at, verdict) })),
    ).paragraphs.at(-1)!;
  expect(figures("agrees", "agrees")).toBe(
    "Each of the 2 mean latencies agrees with the real one within 5 %. The largest error of a mean latency is +1.0 % " +
      "(p1--closed); identical real runs differ by up to 18 %.",
  );
  expect(figures("agrees", "differs")).toMatch(
    /^Single figures need care: of 2 simulated mean latencies 1 differs .* 1 agrees/,
  );
  expect(figures("cannot tell", "cannot tell")).toMatch(/cannot be told in any of 2 cells/);
  expect(figures("agrees", "cannot tell")).toMatch(
    /^Of 2 simulated mean latencies 1 agrees .* none differs; for 1 the runs/,
  );
});
