import { exponential, stream } from "../../sim/index.js";
import { HostStates } from "../../sim/cost/sampled-variation.js";
import { fitHostStates, type ShownLaunch } from "./fit-host-state.js";
import { logNormalVariation } from "./log-normal.js";

type States = ConstructorParameters<typeof HostStates>[0];

const { quantiles } = logNormalVariation(0.3);

/** The ratio at a uniform number, straight between quantiles. */
function ratioAt(uniform: number): number {
  const at = Math.max(
    1,
    quantiles.findIndex(([p]) => p >= uniform),
  );
  const [[lowP, low], [highP, high]] = [quantiles[at - 1]!, quantiles[at]!];
  return low + ((high - low) * (uniform - lowP)) / (highP - lowP);
}

/** Launches of a host in those states, at times 6 ms or some 300 ms apart. */
function launches(states: States, name: string, count = 6000): ShownLaunch[] {
  const uniformAt = new HostStates(states, `${name}/host`).uniform(stream(`${name}/own`));
  const gaps = stream(`${name}/gaps`);
  let atNs = 0;
  return Array.from({ length: count }, () => {
    atNs += gaps() < 0.8 ? 6e6 : 300e6 * exponential(gaps);
    return { atNs, ratio: ratioAt(uniformAt(atNs)), quantiles };
  });
}

test("share and memory of a host's fast state come back, and the share of a slow one", () => {
  const states = [
    { share: 0.55, memory_ns: 30e6 },
    { share: 0.2, memory_ns: 2e9 },
  ];
  const [fast, slow] = fitHostStates([launches(states, "a"), launches(states, "b"), launches(states, "c")]);
  expect(Math.abs(fast!.share - 0.55)).toBeLessThan(0.08);
  expect(fast!.memory_ns).toBeGreaterThan(20e6);
  expect(fast!.memory_ns).toBeLessThan(45e6);
  expect(Math.abs(slow!.share - 0.2)).toBeLessThan(0.08);
});

test("launches that have nothing in common have no state", () => {
  const [fast, slow] = fitHostStates([launches([], "alone")]);
  expect(fast!.share).toBeLessThan(0.1);
  expect(slow!.share).toBeLessThan(0.05);
});

test("too few launches tell of no state", () => {
  expect(fitHostStates([launches([{ share: 0.5, memory_ns: 30e6 }], "few", 10)])).toEqual([]);
});
