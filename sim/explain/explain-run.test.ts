import fc from "fast-check";
import { simulateSteps } from "../engine/index.js";
import { engineCosts, stepWorkloads, tightLimits } from "../engine/step-scenarios.fixture.js";
import { tableOf } from "../engine/log/step-records.js";
import { dataParallelRules, type DataParallel } from "../policy/index.js";
import { vllmSchedulers } from "../policy/vllm/schedulers.js";
import { partNames, sumOfParts, type ExplainedRequest, type Parts } from "./part-names.js";
import { partsOfSteps } from "./parts-of-steps.js";
import { WatchedEngine } from "./watched-engine.js";

/** Two data parallel ranks, each by itself and in lockstep. */
const ranks: readonly DataParallel[] = [false, true].map((isLockstep) => ({
  ranks: 2,
  isLockstep,
  rules: dataParallelRules("0.32.0"),
}));

/** A part is never negative, up to the rounding of sums of nanoseconds. */
const ROUNDING_NS = 0.01;

interface Times {
  readonly arrivalNs: Float64Array;
  readonly firstTokenNs: Float64Array;
  readonly lastTokenNs: Float64Array;
}

function problems(row: number, { first, rest }: ExplainedRequest, times: Times): string[] {
  const wholes: [string, Parts, number][] = [
    ["first token", first, times.firstTokenNs[row]! - times.arrivalNs[row]!],
    ["rest", rest, times.lastTokenNs[row]! - times.firstTokenNs[row]!],
  ];
  return wholes.flatMap(([what, parts, wholeNs]) => [
    ...(Math.abs(sumOfParts(parts) - wholeNs) > ROUNDING_NS
      ? [`${row} ${what}: ${sumOfParts(parts)} of ${wholeNs}`]
      : []),
    ...partNames
      .filter((name) => !(parts[name] >= -ROUNDING_NS))
      .map((name) => `${row} ${what}: ${name} ${parts[name]}`),
  ]);
}

test("the parts add up to the whole for every request, in every corner of settings, costs and loads", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(
      tightLimits,
      engineCosts,
      stepWorkloads(),
      fc.integer({ min: 1, max: 2 }),
      fc.constantFrom(undefined, undefined, ...ranks),
      (limits, cost, workload, replicas, dataParallel) => {
        const engines: WatchedEngine[] = [];
        const { log } = simulateSteps({
          workload,
          policy: { ...vllmSchedulers(limits), dataParallel },
          cost,
          engine: "step",
          replicas,
          observer: () => {
            const engine = new WatchedEngine(cost());
            engines.push(engine);
            return engine;
          },
        });
        const table = tableOf(log);
        for (let row = 0; row < table.rows; row++) {
          if (table.ok[row] === 0) continue;
          const engine = engines.find(({ requests }) => requests.has(row))!;
          const parts = partsOfSteps(table, row, engine, engine.requests.get(row)!);
          expect(problems(row, parts, table)).toEqual([]);
          for (const name of partNames) if (parts.first[name] + parts.rest[name] > 1) seen.add(name);
        }
      },
    ),
    { numRuns: 300, seed: 17 },
  );
  // The cases reach every part that an engine has.
  expect([...seen].sort()).toEqual(partNames.filter((name) => !name.startsWith("batch_")).sort());
});
