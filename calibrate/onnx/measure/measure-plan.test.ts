import { modelPresets, type BatchRequest, type OnnxExecutor } from "../../../onnx/index.js";
import { BackendError, ConfigError } from "../../../formats/index.js";
import { shapeName, toCells, type Measurement } from "../../fit/index.js";
import { MemoryBound } from "./batch-memory.js";
import { reportDrift } from "./drift-watch.js";
import { measurePlan } from "./measure-plan.js";
import type { MeasuringBench } from "./measuring-bench.js";
import { referenceShape, resolvePlan, type GridPlan } from "../plan.js";
import { CalibrationSession } from "./session.js";

const MS = 1e6;
const GIB = 2 ** 30;
const plan = resolvePlan({ model: "mini", device: "cpu", repeats: 3 }, modelPresets.mini, "1");

interface Hardware {
  /** Factor on the time of the n-th batch, from 0. */
  readonly slowness?: (batch: number) => number;
  readonly memoryRows?: number;
  readonly availableBytes?: number;
}

/** A bench on a simulated clock: a batch takes 1 ms a row and step on hardware that tells no noise but `slowness`. */
function buildBench({ slowness = () => 1, memoryRows = Infinity, availableBytes = 8 * GIB }: Hardware = {}) {
  let timeNs = 0;
  let batches = 0;
  const state = { started: 0, open: 0 };
  const executor = (): OnnxExecutor => {
    state.started++;
    state.open++;
    return {
      info: {
        ...{ ortVersion: "0", provider: "cpu", threads: 1, loadMs: 50 },
        model: {
          ...modelPresets.mini,
          ...{
            name: "mini",
            precision: "fp32",
            fused: false,
            parameters: 1,
            weightBytes: 1,
            kvBytesPerToken: 18_432,
          },
        },
      },
      runBatch: ({ promptIds, outputTokens }: BatchRequest) => {
        const rows = promptIds.length;
        if (rows > memoryRows) return Promise.reject(new BackendError("ONNX Runtime failed: out of memory"));
        const stepNs = rows * MS * slowness(batches++);
        const startNs = timeNs;
        timeNs += outputTokens * stepNs;
        const peakRssBytes = GIB + rows * 1e6;
        return Promise.resolve({
          ...{ startNs, firstTokenNs: startNs + stepNs, endNs: timeNs, promptTokens: promptIds[0]!.length },
          ...{ tokens: [], peakRssBytes },
        });
      },
      close: () => {
        state.open--;
        return Promise.resolve();
      },
    };
  };
  const bench: MeasuringBench = {
    executor: executor(),
    startExecutor: () => Promise.resolve(executor()),
    nowNs: () => timeNs,
    timerNs: 0,
    readLoad: () => ({ atNs: timeNs, machineNs: 0, ownNs: 0 }),
    availableBytes,
  };
  return { bench, state };
}

async function measured(
  bench: MeasuringBench,
  given: { plan?: GridPlan; endNs?: number; earlier?: Measurement[] } = {},
) {
  const { plan: wanted = plan, endNs = Infinity, earlier = [] } = given;
  const session = new CalibrationSession({
    ...{ bench, plan: wanted, reference: referenceShape(wanted), earlier, keep: () => undefined },
  });
  const bound = new MemoryBound(bench.executor.info.model, bench.availableBytes);
  const input = { bench, plan: wanted, session, bound, endNs, scouted: earlier.length > 0, onScout: () => undefined };
  return { session, made: await measurePlan(input) };
}

test("a quiet machine is measured as planned: three repeats of each shape, three cold starts, no block disturbed", async () => {
  const { bench, state } = buildBench();
  const { session, made } = await measured(bench);
  const cells = toCells(session.chosen);
  expect(cells).toHaveLength(30);
  expect(cells.every(({ repeats }) => repeats.length === 3)).toBe(true);
  expect(session.chosen.filter(({ kind }) => kind === "cold")).toHaveLength(3);
  expect(state).toEqual({ started: 3, open: 1 });
  expect(made).toMatchObject({ allowed: 30, measured: 30, tooLarge: [], ranOutOfTime: false });
  expect(reportDrift(session.measurements)).toMatchObject({ disturbedBlocks: 0, range: [0, 0] });
});

test("a slow stretch is seen by the reference, and what was measured in it is measured again", async () => {
  const { bench } = buildBench({ slowness: (batch) => (batch >= 60 && batch < 75 ? 1.8 : 1) });
  const { session } = await measured(bench);
  const report = reportDrift(session.measurements)!;
  expect(report.disturbedBlocks).toBeGreaterThan(0);
  expect(report.remade).toBeGreaterThanOrEqual(10);
  expect(report.leftDisturbed).toBe(0);
  for (const { batchSize, decodeSteps, repeats } of toCells(session.chosen)) {
    expect(repeats.every(({ wallNs }) => wallNs === batchSize * (decodeSteps + 1) * MS)).toBe(true);
  }
});

test("repeats go on where they disagree, until the cap or until they have cost half as much again", async () => {
  const { bench } = buildBench({ slowness: (batch) => [1, 1.5, 2.2][batch % 3]! });
  const { session } = await measured(bench);
  const counts = toCells(session.chosen).map(({ repeats }) => repeats.length);
  expect(Math.max(...counts)).toBeGreaterThan(3);
  expect(Math.max(...counts)).toBeLessThanOrEqual(8);
  expect(session.measurements.filter(({ kind }) => kind === "grid").length).toBeLessThanOrEqual(135);
});

test.each([4, 8, 20, 60])("a budget of %d s is kept, by a coarser grid where it has to be", async (seconds) => {
  const { bench } = buildBench();
  const { session, made } = await measured(bench, { endNs: seconds * 1e9 });
  expect(bench.nowNs()).toBeLessThanOrEqual(seconds * 1e9);
  const cells = toCells(session.chosen);
  expect(new Set(cells.map(({ batchSize }) => batchSize)).size).toBeGreaterThanOrEqual(3);
  expect(new Set(cells.map(({ promptTokens }) => promptTokens)).size).toBeGreaterThanOrEqual(2);
  if (seconds >= 20) expect(made).toMatchObject({ measured: 30, ranOutOfTime: false });
  else expect(made.measured).toBeLessThan(30);
});

test("shapes beyond the memory there is are never run, and too few left is an error that says what fits", async () => {
  const { bench } = buildBench({ availableBytes: GIB });
  const large = { ...plan, batchSizes: [1, 2, 4, 1_000_000] };
  const { session, made } = await measured(bench, { plan: large });
  expect(Math.max(...session.measurements.map(({ batchSize }) => batchSize))).toBe(4);
  expect(made.tooLarge.every(({ batchSize }) => batchSize === 1_000_000)).toBe(true);
  const absurd = measured(buildBench().bench, { plan: { ...plan, batchSizes: [1, 2, 1_000_000] } });
  await expect(absurd).rejects.toThrow(ConfigError);
  await expect(absurd).rejects.toThrow(/memory allows 2 of the batch sizes 1, 2, 1000000 .* about \d+ rows .* fit/);
});

test("out of memory in mid-grid leaves out that shape and larger ones, and the rest is measured", async () => {
  const { bench } = buildBench({ memoryRows: 8 });
  const { session, made } = await measured(bench);
  expect(new Set(toCells(session.chosen).map(({ batchSize }) => batchSize))).toEqual(new Set([1, 2, 4, 8]));
  expect(made.tooLarge.map(shapeName)).toContain("b16 p1 n24");
});

test("a shape that does not fit in a process of its own is never run in this one", async () => {
  const { bench } = buildBench({ memoryRows: 8 });
  const ran: number[] = [];
  const watched: OnnxExecutor = {
    ...bench.executor,
    runBatch: (batch) => {
      ran.push(batch.promptIds.length);
      return bench.executor.runBatch(batch);
    },
  };
  const fitsApart = ({ batchSize }: { batchSize: number }) => Promise.resolve(batchSize <= 8);
  const { session, made } = await measured({ ...bench, executor: watched, fitsApart });
  expect(Math.max(...ran)).toBe(8);
  expect(new Set(toCells(session.chosen).map(({ batchSize }) => batchSize))).toEqual(new Set([1, 2, 4, 8]));
  expect(made.tooLarge.map(shapeName)).toContain("b16 p1 n24");
});

test("other failures of the hardware end the calibration", async () => {
  const { bench } = buildBench();
  const failing = { ...bench.executor, runBatch: () => Promise.reject(new BackendError("the worker has ended")) };
  await expect(measured({ ...bench, executor: failing })).rejects.toThrow("the worker has ended");
});

test("a resumed sitting makes what is missing and nothing twice", async () => {
  const whole = (await measured(buildBench().bench)).session;
  const cut = whole.measurements.slice(0, 60);
  const { session } = await measured(buildBench().bench, { earlier: cut });
  expect(session.measurements.slice(0, 60)).toEqual(cut);
  expect(session.chosen.map((m) => `${m.kind} ${shapeName(m)} ${m.rep}`).sort()).toEqual(
    whole.chosen.map((m) => `${m.kind} ${shapeName(m)} ${m.rep}`).sort(),
  );
});
