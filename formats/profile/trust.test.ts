import { readProfile } from "../files/index.js";
import type { Profile } from "./profile.js";
import { trustOf, trustWarning } from "./trust.js";

const base = readProfile("profiles/mini-cpu-2core.json");

function scored(errors: Readonly<Record<string, number | null>>, more: Partial<Profile> = {}): Profile {
  const metrics = Object.fromEntries(Object.entries(errors).map(([key, error]) => [key, { real: 1, sim: 1, error }]));
  const runs = [
    { recording: "light", requests: 9, metrics: { mean_tpot_ms: { real: 1, sim: 1, error: 0.01 } } },
    { recording: "medium-r3", requests: 9, metrics },
  ];
  return { ...base, name: "p", held_out: undefined, held_out_runs: runs, ...more };
}

test("a profile that misses a load kept out by more than a tenth is not usable, and the warning has the figure", () => {
  expect(trustOf(scored({ mean_tpot_ms: 0.824, mean_e2el_ms: 0.807 }))).toEqual({
    state: "not usable",
    worst: { what: "mean tpot of medium-r3", errorFraction: 0.824 },
  });
  expect(trustWarning(scored({ mean_e2el_ms: -0.101 }))).toBe(
    'profile "p" is not usable for predictions: it misses runs kept out of its fit by up to -10.1 % ' +
      "(mean e2el of medium-r3), where at most 10 % is allowed",
  );
});

test("within the gate it is usable, whatever the tail or the time to first token", () => {
  const profile = scored({ mean_tpot_ms: -0.1, mean_e2el_ms: null, mean_ttft_ms: 0.5, p99_tpot_ms: 0.4 });
  expect(trustOf(profile).state).toBe("usable");
  expect(trustWarning(profile)).toBeUndefined();
});

test("batches kept out count by their median, and without anything kept out nothing is known", () => {
  expect(trustOf(base)).toMatchObject({ state: "usable", worst: { what: "median batch" } });
  const bad = { ...base, held_out: { batch: { points: 4, median_ape: 0.13, p90_ape: 0.2 } } };
  expect(trustOf(bad).state).toBe("not usable");
  expect(trustOf({ ...base, held_out: undefined }).state).toBe("not known");
});
