import { profileSchema } from "../../../formats/index.js";
import { readProfile } from "../../../formats/files/index.js";
import { loadLinearSolver, type Miss } from "../../fit/numerics/index.js";
import { identifiability } from "./identifiability.js";
import { parameterNames, type Parameters } from "./black-box-model.js";
import { startFrom } from "./black-box-start.js";
import { costOf } from "./black-box-model.js";
import type { FoundCosts } from "./search-costs.js";

const parameters = startFrom({ fastestTpotMs: 7, idleTtftMs: 20 });
const found: Pick<FoundCosts, "parameters" | "paces" | "pulls"> = {
  parameters,
  paces: [],
  pulls: Object.fromEntries(parameterNames.map((name) => [name, 0.002])) as FoundCosts["pulls"],
};
const NOISE = 0.02;

/** Features that are the cost of a step, the cost of a token twice over, and both together, each with an error. */
function missesOf(at: Parameters): Miss[] {
  const base = Math.log(at.decode_base / parameters.decode_base);
  const token = Math.log(at.prefill_padded_token / parameters.prefill_padded_token);
  const logs = [base, base, 2 * token, 2 * token, base + token, base + token];
  return logs.map((log, i) => ({ log: log + (i % 2 === 0 ? NOISE : -NOISE), weight: 1 / logs.length }));
}

const options = { names: parameterNames, missesOf, pacePull: 0.005 };

// Gram of the two, one sixth each: base 4, token 10, both 2; the pulls beside it.
const [bb, tt, bt] = [4 / 6 + 0.002, 10 / 6 + 0.002, 2 / 6];
const perFeature = NOISE ** 2 / 6;

test("intervals are those of the linear least squares that the costs are near", async () => {
  const { intervals, weaklyIdentified } = identifiability(found, await loadLinearSolver(), options);
  const deviation = Math.sqrt((perFeature * tt) / (bb * tt - bt * bt));
  const [low, high] = intervals["gpu.decode_base_ns"]!;
  expect(low / parameters.decode_base).toBeCloseTo(Math.exp(-1.96 * deviation), 6);
  expect(high / parameters.decode_base).toBeCloseTo(Math.exp(1.96 * deviation), 6);
  expect(weaklyIdentified).toEqual(
    parameterNames.filter((name) => name !== "decode_base" && name !== "prefill_padded_token"),
  );
});

test("a cost that no feature tells has the interval of its pull, at every place where it stands", async () => {
  const { intervals } = identifiability(found, await loadLinearSolver(), options);
  const deviation = NOISE / Math.sqrt(6 * 0.002);
  for (const place of ["host.schedule.base_ns", "host.update.base_ns"]) {
    const [low, high] = intervals[place]!;
    expect(Math.log(high / low) / 2).toBeCloseTo(1.96 * deviation, 6);
  }
  expect(Object.keys(intervals)).not.toContain("host.copy_ns");
});

function logsOf({ names, values }: ReturnType<typeof identifiability>["draws"], place: string): number[] {
  const at = names.indexOf(place);
  return values.map((row) => Math.log(row[at]!));
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function covarianceOf(a: readonly number[], b: readonly number[]): number {
  const [meanA, meanB] = [meanOf(a), meanOf(b)];
  return meanOf(a.map((value, i) => (value - meanA) * (b[i]! - meanB)));
}

test("draws are at least thirty, spread as the intervals say and lean together as the features do", async () => {
  const { intervals, draws } = identifiability(found, await loadLinearSolver(), options);
  expect(draws.values.length).toBeGreaterThanOrEqual(30);
  expect(draws.names).toEqual(Object.keys(intervals));
  for (const [place, [low, high]] of Object.entries(intervals)) {
    const deviation = Math.log(high / low) / (2 * 1.96);
    const drawn = Math.sqrt(covarianceOf(logsOf(draws, place), logsOf(draws, place)));
    expect([place, drawn / deviation > 0.7 && drawn / deviation < 1.3]).toEqual([place, true]);
  }
  const [base, token] = [logsOf(draws, "gpu.decode_base_ns"), logsOf(draws, "gpu.prefill_padded_token_ns")];
  const correlation = covarianceOf(base, token) / Math.sqrt(covarianceOf(base, base) * covarianceOf(token, token));
  expect(Math.abs(correlation - -bt / Math.sqrt(bb * tt))).toBeLessThan(0.25);
  // A cost that stands in two places moves in both alike.
  const [schedule, update] = [logsOf(draws, "host.schedule.base_ns"), logsOf(draws, "host.update.base_ns")];
  schedule.forEach((log, i) => {
    expect(log - update[i]!).toBeCloseTo(Math.log(2), 3);
  });
});

test("no draw is farther off than three deviations or a factor of three", async () => {
  const unsure = { ...found, pulls: { ...found.pulls, stall: 1e-9, delivery: 1e-9 } };
  const { draws } = identifiability(unsure, await loadLinearSolver(), options);
  const factors = logsOf(draws, "front_end.delivery_ns").map((log) => Math.abs(log - Math.log(parameters.delivery)));
  expect(Math.max(...factors)).toBeLessThanOrEqual(Math.log(3) + 1e-4);
  expect(Math.max(...factors)).toBeGreaterThan(0.5);
});

test("a pace that a load may have of its own leaves its host's costs less sure", async () => {
  const ofHost = (at: Parameters, paces: readonly number[]): Miss[] =>
    [0, 1].flatMap((load) =>
      [NOISE, -NOISE].map((error) => ({
        log: Math.log(at.launch_full / parameters.launch_full) + (paces[load] ?? 0) + error,
        weight: 1 / 4,
      })),
    );
  const solver = await loadLinearSolver();
  const widthWith = (paces: readonly number[]): number => {
    const { intervals } = identifiability({ ...found, paces }, solver, { ...options, missesOf: ofHost });
    const [low, high] = intervals["host.launch_full_graph.base_ns"]!;
    return Math.log(high / low);
  };
  expect(widthWith([0, 0])).toBeGreaterThan(1.3 * widthWith([]));
});

test("a profile with such draws is a valid one", async () => {
  const { draws, intervals } = identifiability(found, await loadLinearSolver(), options);
  const shipped = readProfile("profiles/h100-llama-3.1-8b-vllm-0.26.json");
  const profile = { ...shipped, cost: costOf(parameters), cost_draws: draws, cost_intervals: intervals };
  const parsed = profileSchema.parse(JSON.parse(JSON.stringify(profile)));
  expect(parsed.cost_draws).toEqual(draws);
});
