/**
 * What is measured when: a cold start, memory in ascending size, the grid in random order round by round, then again
 * what a disturbance spoilt or what is still uncertain, and further cold starts. A budget bounds each part.
 */
import { ConfigError } from "../../../formats/index.js";
import { toCells, type BatchShape } from "../../fit/index.js";
import type { MemoryBound } from "./batch-memory.js";
import { disturbedTasks } from "./drift-watch.js";
import type { MeasureTask } from "./measure.js";
import type { MeasuringBench } from "./measuring-bench.js";
import { nextRepeats } from "./next-repeats.js";
import { gridShapes, memoryShapes, roundOrder, type GridPlan } from "../plan.js";
import type { CalibrationSession } from "./session.js";
import { thinGrid } from "./thin-grid.js";

/** Cold starts behind the median. */
export const COLD_SAMPLES = 3;

export interface MeasurePlanInput {
  readonly bench: MeasuringBench;
  readonly plan: GridPlan;
  readonly session: CalibrationSession;
  readonly bound: MemoryBound;
  /** When everything measured has to be there, on the bench's clock; Infinity without a budget. */
  readonly endNs: number;
  /** The memory pass of an earlier sitting is whole. */
  readonly scouted: boolean;
  /** Called before the memory pass, and when it is whole. */
  readonly onScout: (isWhole: boolean) => void;
}

/** What became of the plan. */
export interface MeasuredPlan {
  /** Shapes of the grid that memory allowed, and those of them that were measured. */
  readonly allowed: number;
  readonly measured: number;
  readonly tooLarge: readonly BatchShape[];
  readonly ranOutOfTime: boolean;
}

/** Part of a budget that the memory pass may take. */
const SCOUT_FRACTION = 0.3;
/** References and first runs on top of the grid's batches. */
const OVERHEAD_FACTOR = 1.15;
/** Without a budget, batches measured again or further are at most this part of those planned. */
const EXTRA_FRACTION = 0.5;
/** Fewest levels to fit a model to: what the options ask for, too. */
const MIN_BATCH_SIZES = 3;
const MIN_PROMPTS = 2;

/** Measures what is missing. Throws ConfigError when memory allows too few shapes, and the signal's reason. */
export async function measurePlan(input: MeasurePlanInput): Promise<MeasuredPlan> {
  const { plan, session, bound, endNs } = input;
  const possible = shapesThatFit(plan, bound);
  const scouts = memoryShapes(levelsOf(plan, possible)).filter((shape) => bound.allows(shape));
  session.expect(COLD_SAMPLES + scouts.length + Math.ceil(plan.repeats * possible.length * OVERHEAD_FACTOR));
  session.endNs = endNs;

  const coldShape = scouts[0]!;
  const cold: MeasureTask = { kind: "cold", shape: coldShape, rep: 0 };
  if (session.has(cold)) await session.warmUp(coldShape);
  else await session.measure(cold);
  const coldStarts = coldStartsAfter(input, coldShape);

  await scout(input, scouts);
  const shapes = shapesThatFit(plan, bound).filter((shape) => !session.tooLarge.some((large) => large === shape));
  session.endNs = endNs - coldStarts.reserveNs;
  await measureGrid(session, plan, shapes);
  await measureAgain(session, plan, plan.repeats * shapes.length, endNs);

  session.endNs = endNs;
  await coldStarts.run();
  return {
    allowed: shapes.length,
    measured: toCells(session.chosen).length,
    tooLarge: [...gridShapes(plan).filter((shape) => !bound.allows(shape)), ...session.tooLarge],
    ranOutOfTime: session.ranOutOfTime,
  };
}

/** Shapes of the grid that memory allows; ConfigError when they are too few to fit anything to. */
function shapesThatFit(plan: GridPlan, bound: MemoryBound): BatchShape[] {
  const shapes = gridShapes(plan).filter((shape) => bound.allows(shape));
  const { batchSizes, promptTokens } = levelsOf(plan, shapes);
  if (batchSizes.length >= MIN_BATCH_SIZES && promptTokens.length >= MIN_PROMPTS) return shapes;
  const [prompt, steps] = [plan.promptTokens.at(-1)!, plan.decodeSteps.at(-1)!];
  throw new ConfigError(
    `calibrate: memory allows ${batchSizes.length} of the batch sizes ${plan.batchSizes.join(", ")} and ` +
      `${promptTokens.length} of the prompts ${plan.promptTokens.join(", ")}, expected at least ${MIN_BATCH_SIZES} and ` +
      `${MIN_PROMPTS}; of ${gib(bound.availableBytes)} GiB available, about ${bound.mostRows(prompt, steps)} rows of ` +
      `${prompt} prompt tokens and ${steps} decode steps fit: choose smaller batch_sizes or prompt_tokens`,
  );
}

function levelsOf(plan: GridPlan, shapes: readonly BatchShape[]): GridPlan {
  const among = (levels: readonly number[], of: (shape: BatchShape) => number): number[] =>
    levels.filter((level) => shapes.some((shape) => of(shape) === level));
  return {
    ...plan,
    batchSizes: among(plan.batchSizes, ({ batchSize }) => batchSize),
    promptTokens: among(plan.promptTokens, ({ promptTokens }) => promptTokens),
    decodeSteps: among(plan.decodeSteps, ({ decodeSteps }) => decodeSteps),
  };
}

/** The memory pass, in ascending size; what it learns bounds what comes after it. */
async function scout({ session, bound, endNs, scouted, onScout }: MeasurePlanInput, scouts: readonly BatchShape[]) {
  if (scouted) {
    const earlier = session.measurements.filter(({ kind }) => kind === "memory").sort((a, b) => a.order - b.order);
    for (const measurement of earlier) bound.observe(measurement, measurement.peakRssBytes);
    for (const measurement of earlier.slice(-1)) await session.warmUp(measurement);
    return;
  }
  // Peaks of two processes cannot be mixed, so a memory pass that was cut short is repeated from its start.
  onScout(false);
  if (endNs !== Infinity) session.endNs -= (1 - SCOUT_FRACTION) * session.leftNs;
  for (const shape of scouts) {
    if (!bound.allows(shape) || !session.hasTimeFor(shape)) continue;
    if (!(await session.measure({ kind: "memory", shape, rep: 0 }))) continue;
    bound.observe(shape, session.measurements.at(-1)!.peakRssBytes);
  }
  session.endNs = endNs;
  onScout(true);
}

/** All repeats of all shapes when there is time, of a thinner grid when there is not, and of the rest as time is left. */
async function measureGrid(session: CalibrationSession, plan: GridPlan, shapes: readonly BatchShape[]): Promise<void> {
  const costNs = (shape: BatchShape): number => (plan.repeats + 1) * OVERHEAD_FACTOR * session.expectedNs(shape);
  const first = session.endNs === Infinity ? shapes : thinGrid(shapes, costNs, session.leftNs);
  await measureRounds(session, plan, first);
  const rest = shapes.filter((shape) => !first.includes(shape)).sort((a, b) => costNs(a) - costNs(b));
  let leftNs = session.leftNs;
  const affordable = rest.filter((shape) => (leftNs -= costNs(shape)) >= 0);
  await measureRounds(session, plan, affordable);
}

async function measureRounds(
  session: CalibrationSession,
  plan: GridPlan,
  shapes: readonly BatchShape[],
): Promise<void> {
  for (let rep = 0; rep < plan.repeats; rep++) {
    const order = roundOrder(shapes, plan.seed, rep);
    await session.runBlocks(order.map((shape): MeasureTask => ({ kind: "grid", shape, rep })));
  }
}

/** What a disturbance spoilt, then what is uncertain, until nothing is or it has cost enough. */
async function measureAgain(
  session: CalibrationSession,
  plan: GridPlan,
  planned: number,
  endNs: number,
): Promise<void> {
  const isBounded = endNs === Infinity;
  const most = planned + Math.ceil(EXTRA_FRACTION * planned);
  while (!session.ranOutOfTime) {
    const grid = session.measurements.filter(({ kind }) => kind === "grid").length;
    const allowance = isBounded ? most - grid : Infinity;
    const spoilt = disturbedTasks(session.measurements, allowance);
    const tasks = spoilt.length > 0 ? spoilt : nextRepeats(toCells(session.chosen), plan, allowance);
    if (tasks.length === 0) return;
    const before = session.measurements.length;
    await session.runBlocks(tasks, { again: true });
    if (session.measurements.length === before) return;
  }
}

/** The cold starts after the first: of fresh executors, at the end, where they cannot change what memory the process has. */
function coldStartsAfter({ bench, session }: MeasurePlanInput, shape: BatchShape) {
  const tasks = Array.from({ length: COLD_SAMPLES - 1 }, (_, i): MeasureTask => ({ kind: "cold", shape, rep: i + 1 }));
  const missing = tasks.filter((task) => !session.has(task));
  const eachNs = 2 * session.expectedNs(shape) + 1e6 * bench.executor.info.loadMs;
  // A budget that cold starts would eat up is better spent on the grid.
  const isWorthIt = missing.length * eachNs <= 0.25 * session.leftNs;
  return {
    reserveNs: isWorthIt ? missing.length * eachNs : 0,
    run: async (): Promise<void> => {
      for (const task of isWorthIt ? missing : []) {
        if (session.leftNs < eachNs) return;
        const executor = await bench.startExecutor();
        try {
          await session.measure(task, { executor });
        } finally {
          await executor.close();
        }
      }
    },
  };
}

function gib(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(1);
}
