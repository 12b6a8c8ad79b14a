import { exponential, normal, stream } from "../../../sim/index.js";
import { HostPath } from "../../../sim/cost/draws/host-path.js";
import { CELLS_PER_SCORE, MIDDLE } from "../../../sim/cost/draws/score-table.js";
import { fitPaceStates, type PacedRatio } from "./fit-pace-states.js";

/** Calls 5 ms apart, with pauses; each is `own` noise and the host's levels by their shares. */
function calls(states: readonly { share: number; memory_ns: number }[], name: string, count = 12_000): PacedRatio[] {
  const path = states.length === 0 ? undefined : new HostPath(states, name);
  const own = Math.sqrt(1 - states.reduce((sum, { share }) => sum + share, 0));
  const random = stream(`${name}/own`);
  let atNs = 0;
  return Array.from({ length: count }, () => {
    atNs += random() < 0.98 ? 5e6 : 200e6 * exponential(random);
    const shared = path === undefined ? 0 : (path.at(atNs) - MIDDLE) / CELLS_PER_SCORE;
    const score = shared + own * normal(random);
    return { atNs, ratio: Math.exp(0.3 * score) };
  });
}

test("shares of a fast and of a slow state come back, and the memory of the fast one", () => {
  const known = [{ share: 0.5, memory_ns: 56e6 }, { share: 0.15, memory_ns: 1e9 }]; // prettier-ignore
  const [fast, slow] = fitPaceStates(["a", "b", "c"].map((name) => calls(known, name)));
  expect(Math.abs(fast!.share - 0.5)).toBeLessThan(0.1);
  expect(fast!.memory_ns).toBeGreaterThanOrEqual(28e6);
  expect(fast!.memory_ns).toBeLessThanOrEqual(112e6);
  expect(Math.abs(slow!.share - 0.15)).toBeLessThan(0.1);
});

test("calls that have nothing in common share next to nothing", () => {
  const states = fitPaceStates([calls([], "alone")]);
  expect(states.reduce((sum, { share }) => sum + share, 0)).toBeLessThan(0.05);
});

test("too few calls tell of no state", () => {
  expect(fitPaceStates([calls([{ share: 0.5, memory_ns: 56e6 }], "few", 50)])).toEqual([]);
});
