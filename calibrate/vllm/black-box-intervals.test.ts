import { loadLinearSolver } from "../fit/index.js";
import { surenessOf, type Miss } from "./black-box-intervals.js";
import { parameterNames, type Parameters } from "./black-box-model.js";
import { startFrom } from "./black-box-start.js";
import type { FoundCosts } from "./search-costs.js";

const parameters = startFrom({ fastestTpotMs: 7, idleTtftMs: 20 });
const found: FoundCosts = {
  parameters,
  pulls: Object.fromEntries(parameterNames.map((name) => [name, 0.002])) as FoundCosts["pulls"],
};
const NOISE = 0.02;

/** Features that are the price of a step, the price of a token twice over, and both together, each with an error. */
function missesOf(at: Parameters): Miss[] {
  const base = Math.log(at.decode_base / parameters.decode_base);
  const token = Math.log(at.prefill_padded_token / parameters.prefill_padded_token);
  const logs = [base, base, 2 * token, 2 * token, base + token, base + token];
  return logs.map((log, i) => ({ log: log + (i % 2 === 0 ? NOISE : -NOISE), weight: 1 / logs.length }));
}

test("intervals are those of the linear least squares that the costs are near", async () => {
  const { intervals, untold } = surenessOf(found, parameterNames, missesOf, await loadLinearSolver());
  // Gram of the two, one sixth each: base 4, token 10, both 2; the pulls beside it.
  const [bb, tt, bt] = [4 / 6 + 0.002, 10 / 6 + 0.002, 2 / 6];
  const deviation = Math.sqrt(((NOISE ** 2 / 6) * tt) / (bb * tt - bt * bt));
  const [low, high] = intervals["gpu.decode_base_ns"]!;
  expect(low / parameters.decode_base).toBeCloseTo(Math.exp(-1.96 * deviation), 6);
  expect(high / parameters.decode_base).toBeCloseTo(Math.exp(1.96 * deviation), 6);
  expect(untold).toEqual(parameterNames.filter((name) => name !== "decode_base" && name !== "prefill_padded_token"));
});

test("a cost that no feature tells has the interval of its pull, at every place where it stands", async () => {
  const { intervals } = surenessOf(found, parameterNames, missesOf, await loadLinearSolver());
  const deviation = NOISE / Math.sqrt(6 * 0.002);
  for (const place of ["host.schedule.base_ns", "host.update.base_ns"]) {
    const [low, high] = intervals[place]!;
    expect(Math.log(high / low) / 2).toBeCloseTo(1.96 * deviation, 6);
  }
  expect(Object.keys(intervals)).not.toContain("host.copy_ns");
});
