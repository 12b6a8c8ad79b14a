/** The cases are what their names say: deterministic, of the stated lengths, and within what the policy accepts. */
import { buildCase, caseNames, type CaseOptions } from "./cases.js";

const options: CaseOptions = { mode: "bare", requests: 20_000, capacityPerS: () => 40 };
/** All but those whose traces lie outside the tree. */
const generated = caseNames.filter((name) => name !== "mooncake" && name !== "agents");

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

it.each(generated)("%s is the same workload each time it is built", async (name) => {
  const few = { ...options, requests: 500 };
  expect(await buildCase(name, few)).toEqual(await buildCase(name, few));
});

it.each(["poisson", "million", "pressure"] as const)(
  "%s has prompts of about 220 and outputs of about 190 tokens",
  async (name) => {
    const { requests } = (await buildCase(name, options)).workload;
    expect(Math.abs(mean(requests.map(({ promptTokens }) => promptTokens)) - 217)).toBeLessThan(6);
    expect(Math.abs(mean(requests.map(({ outputTokens }) => outputTokens)) - 190)).toBeLessThan(6);
    expect(Math.max(...requests.map(({ promptTokens, outputTokens }) => promptTokens + outputTokens))).toBeLessThan(
      4097,
    );
  },
);

it.each([
  ["poisson", 10],
  ["million", 28],
] as const)(
  "%s arrives at %p requests/s (a million: 70 %% of the capacity it is given, 40)",
  async (name, ratePerS) => {
    const { requests } = (await buildCase(name, options)).workload;
    const lastS = requests.at(-1)!.arrivalNs! / 1e9;
    expect(Math.abs(requests.length / lastS / ratePerS - 1)).toBeLessThan(0.03);
  },
);

test("dense is a closed loop of 64 with 1024 tokens in and 128 out, 131072 requests by default", async () => {
  const { requests, maxConcurrency } = (await buildCase("dense", { mode: "bare", capacityPerS: () => 1 })).workload;
  expect(requests).toHaveLength(131_072);
  expect(maxConcurrency).toBe(64);
  expect(requests.every((r) => r.promptTokens === 1024 && r.outputTokens === 128 && r.arrivalNs === undefined)).toBe(
    true,
  );
});
