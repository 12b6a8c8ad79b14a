import { stepPartNames, type StepTerms } from "../../formats/index.js";
import { normal, stepQuantities, stream, sumParts, type StepWork } from "../../sim/index.js";
import { fitSteps } from "./step-fit.js";
import {
  emptyStep,
  preferLoops,
  toStepCells,
  workName,
  workOfSpec,
  type StepMeasurement,
  type StepSpec,
} from "./step-measurement.js";

const GROUPS_PER_RUN = 2;

/** A machine whose costs are known: the dense layers bend at 6 tokens. */
const truth: StepTerms = {
  dense: [
    { basis: "base", coefficient_ns: 2e6 },
    { basis: "tokens", coefficient_ns: 4e5, upto: 6 },
    { basis: "tokens", coefficient_ns: 1e5, beyond: 6 },
  ],
  output: [
    { basis: "base", coefficient_ns: 1.5e6 },
    { basis: "rows", coefficient_ns: 1e5 },
  ],
  decode: [{ basis: "context_tokens", coefficient_ns: 1000 }],
  prefill: [
    { basis: "rows", coefficient_ns: 3e5 },
    { basis: "attention_pairs", coefficient_ns: 200 },
  ],
  move: [
    { basis: "rows", coefficient_ns: 5e4 },
    { basis: "tokens", coefficient_ns: 3000 },
  ],
};

const counts = [1, 2, 3, 4, 6, 8, 12, 16];
const specs: StepSpec[] = [
  ...counts.flatMap((decodes) => [4, 60].map((context) => ({ ...emptyStep, decodes, context }))),
  ...[8, 16, 48].flatMap((chunkTokens) =>
    [0, 64].flatMap((chunkContext) =>
      [true, false].map((isLast) => ({ ...emptyStep, chunks: 1, chunkTokens, chunkContext, isLast })),
    ),
  ),
  ...[2, 3].map((chunks) => ({ ...emptyStep, decodes: 4, context: 30, chunks, chunkTokens: 8 })),
  ...[1, 4, 8].flatMap((decodes) =>
    [8, 48].map((chunkTokens) => ({ ...emptyStep, decodes, context: 60, chunks: 1, chunkTokens })),
  ),
  ...[30, 90].flatMap((context) => [1, 2].map((moves) => ({ ...emptyStep, decodes: 4, context, moves }))),
];

function measure(noise = 0, repeats = 3): StepMeasurement[] {
  const random = stream("steps");
  return Array.from({ length: repeats }, (_, block) =>
    specs.map((spec, order): StepMeasurement => {
      const work = workOfSpec(spec);
      const stepNs = sumParts({ terms: truth }, stepQuantities(work, GROUPS_PER_RUN)) * (1 + noise * normal(random));
      return { ...work, kind: "grid", block, order, stepNs };
    }),
  ).flat();
}

const options = { seed: "1", groupsPerRun: GROUPS_PER_RUN, isHeldOut: () => false };

test("known costs come back, with the bend of the dense layers", async () => {
  const { terms, fit } = await fitSteps(measure(), options);
  expect(fit.p90_ape).toBeLessThan(1e-4);
  for (const part of stepPartNames) {
    for (const { coefficient_ns, ...term } of truth[part]) {
      const found = terms[part].find((other) => other.basis === term.basis && other.beyond === term.beyond)!;
      expect(found).toMatchObject(term);
      expect(found.coefficient_ns / coefficient_ns).toBeCloseTo(1, 2);
    }
  }
});

test("steps kept out of the fit are predicted in spite of noise, and the draws surround the costs", async () => {
  const isHeldOut = ({ decodes, chunks }: StepWork): boolean => decodes === 8 && chunks === 1;
  const { held_out, draws, terms, jitter } = await fitSteps(measure(0.03, 12), { ...options, isHeldOut });
  expect(held_out!.points).toBe(2);
  expect(held_out!.median_ape).toBeLessThan(0.03);
  expect(draws!.dense).toHaveLength(100);
  const contexts = draws!.decode.map((row) => row[0]!).sort((a, b) => a - b);
  expect(contexts[0]).toBeLessThan(terms.decode[0]!.coefficient_ns);
  expect(contexts.at(-1)).toBeGreaterThan(terms.decode[0]!.coefficient_ns);
  expect(jitter.step.quantiles.at(-1)![1]).toBeGreaterThan(1.03);
});

test("mixed steps are compared with their parts, and with what was assumed of them before", async () => {
  const { mixed } = await fitSteps(measure(), options);
  // Of 1, 4 and 8 decodes with a prompt of 8 or 48: one run instead of two saves a base of each kind, 3.5 ms.
  expect(mixed!.points).toBe(6);
  expect(mixed!.over_two_runs).toBeLessThan(0.8);
  // The bend is paid twice by the parts, which the assumption does not know.
  expect(mixed!.assumption_error).toBeGreaterThan(0.02);
});

test("repeats of the same work form a cell with their median, references and checks none", () => {
  const work = workOfSpec({ ...emptyStep, decodes: 2, context: 10 });
  const at = (kind: StepMeasurement["kind"], stepNs: number): StepMeasurement => ({
    ...work,
    kind,
    block: 0,
    order: 0,
    stepNs,
  });
  const cells = toStepCells([at("grid", 5), at("reference", 100), at("grid", 9), at("check", 100), at("grid", 6)]);
  expect(cells.map(({ stepNs, repeats }) => [stepNs, repeats.length])).toEqual([[6, 3]]);
  expect(() => toStepCells([at("grid", NaN)])).toThrow(/"2 decodes of 20", round 0: its time is NaN ns/);
});

test("steps of loops form cells of nearly the same work, at its mean", () => {
  const at = (contextTokens: number, stepNs: number): StepMeasurement => ({
    ...{ ...workOfSpec({ ...emptyStep, decodes: 2, context: 0 }), contextTokens },
    ...{ kind: "loop", block: 0, order: 0, stepNs },
  });
  const cells = toStepCells([at(20, 5), at(21, 8), at(22, 7), at(200, 9)]);
  expect(cells.map((cell) => [cell.contextTokens, cell.stepNs, cell.repeats.length])).toEqual([[21, 7, 3], [200, 9, 1]]); // prettier-ignore
});

test("a single step that loops have too is left out, the others stay", () => {
  const at = (kind: "grid" | "loop", spec: Partial<StepSpec>): StepMeasurement => ({
    ...{ ...workOfSpec({ ...emptyStep, ...spec }), kind, block: 0, order: 0, stepNs: 5 },
  });
  const cells = toStepCells([
    at("loop", { decodes: 2, context: 30 }),
    at("grid", { decodes: 2, context: 37 }),
    at("grid", { decodes: 2, context: 100 }),
    at("grid", { decodes: 3, context: 30 }),
    at("grid", { decodes: 2, context: 30, moves: 1 }),
  ]);
  expect(preferLoops(cells).map(workName)).toEqual([
    "2 decodes of 60",
    "2 decodes of 200",
    "3 decodes of 90",
    "2 decodes of 60, 1 moves of 31",
  ]);
});

test("the work of a step names what its time depends on", () => {
  const spec = { ...emptyStep, decodes: 3, context: 10, chunks: 2, chunkTokens: 4, chunkContext: 6, moves: 1 };
  expect(workOfSpec(spec)).toEqual({
    ...{ decodes: 3, contextTokens: 30, chunks: 2, chunkTokens: 8, sampled: 5, moves: 1, movedTokens: 11 },
    attentionPairs: 2 * (4 * 6 + 10),
  });
  expect(workName(workOfSpec({ ...spec, isLast: false }))).toBe(
    "3 decodes of 30, 2 chunks of 8 (68 pairs, no token), 1 moves of 11",
  );
});
