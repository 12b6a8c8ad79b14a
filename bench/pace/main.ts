/**
 * npm run -s bench:pace [-- --minutes N]: whether two paces, one of what a batch or step costs whatever it holds and one of what grows
 * with its tokens, predict the machine better than one. Rounds of references, then of other batches and steps of `mini` in random order,
 * which are predicted by their usual times of other rounds and the paces of their own. Each way spends the same time on references.
 */
import { parseArgs } from "node:util";
import { promptIdsOf } from "../../calibrate/onnx/index.js";
import { ConfigError } from "../../formats/index.js";
import { ensureModel, startOnnxExecutor, type RequestStep } from "../../onnx/index.js";
import { startStepExecutor } from "../../real/index.js";
import { median, quantileOf } from "../../sim/index.js";
import { shuffled, stream } from "../../sim/kernel/index.js";
import { markdownTable } from "../original-suite/markdown-table.js";
import { runScript } from "../original-suite/run-script.js";
import { FOLDS, predictions, ways, type Round, type Shape } from "./predictions.js";

const { values } = parseArgs({ options: { minutes: { type: "string", default: "4" } } });

const batches: readonly Shape[] = [1, 2, 4, 8, 16].flatMap((rows) =>
  [12, 48].flatMap((prompt) => [5, 24].map((steps): Shape => ({ rows, tokens: rows * prompt, steps }))),
);
/** Decodes, and a prompt beside them. */
const steps: readonly Shape[] = [
  ...[1, 2, 4, 8, 16].map((rows): Shape => ({ rows, tokens: 0, steps: 1 })),
  ...[0, 1, 4, 16].flatMap((rows) => [12, 48].map((tokens): Shape => ({ rows, tokens, steps: rows === 0 ? 0 : 1 }))),
];
const decodes = steps.filter(({ tokens }) => tokens === 0);
/** Of each decode. */
const CONTEXT = 36;
/** About as long together, of each kind. */
const references = {
  batch: { small: { rows: 4, tokens: 48, steps: 5 }, large: { rows: 16, tokens: 768, steps: 5 }, repeats: [14, 4] },
  step: { small: { rows: 4, tokens: 12, steps: 1 }, large: { rows: 16, tokens: 48, steps: 1 }, repeats: [40, 20] },
} as const;
/** A reference after other steps settles over about so many; a step among its like after two. */
const SETTLING = 12;
const RUN = { skipped: 2, kept: 6 };

const numbers = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

await runScript(async () => {
  const model = await ensureModel("mini");
  const executor = await startOnnxExecutor({ model, device: "cpu" });
  const stepper = await startStepExecutor({ model, device: "cpu", maxNumSeqs: 20, maxModelLen: 96 });
  const next = { uniform: 0 };

  async function batchMs({ rows, tokens, steps: decodeSteps }: Shape): Promise<number> {
    const shape = { batchSize: rows, promptTokens: tokens / rows, decodeSteps };
    const promptIds = promptIdsOf({ seed: "pace" }, shape, 0, model.shape.vocab);
    const startNs = process.hrtime.bigint();
    await executor.runBatch({ promptIds, outputTokens: decodeSteps + 1 });
    return Number(process.hrtime.bigint() - startNs) / 1e6;
  }
  async function stepMs({ rows, tokens }: Shape): Promise<number> {
    const requests = numbers(rows).map((request): RequestStep => ({ request, ids: [request], past: CONTEXT, next }));
    const chunk = tokens === 0 ? [] : [{ request: rows, ids: numbers(tokens), past: 0, next }];
    const { startNs, endNs } = await stepper.runStep({ requests: [...requests, ...chunk], ended: "all" });
    return (endNs - startNs) / 1e6;
  }
  async function times(shape: Shape, ms: typeof stepMs, repeats: number, skipped = 0): Promise<number[]> {
    for (let at = 0; at < skipped; at++) await ms(shape);
    const all: number[] = [];
    for (let at = 0; at < repeats; at++) all.push(await ms(shape));
    return all;
  }
  async function referencesOf(kind: "batch" | "step"): Promise<Pick<Round, "small" | "large">> {
    const { small, large, repeats } = references[kind];
    const [ms, skipped] = kind === "batch" ? [batchMs, 0] : [stepMs, SETTLING];
    return {
      small: await times(small, ms, repeats[0], skipped),
      large: await times(large, ms, repeats[1], skipped),
    };
  }

  const kinds = { batches: [] as Round[], steps: [] as Round[], "runs of decodes": [] as Round[] };
  for (const shape of batches) await batchMs(shape);
  for (let request = 0; request < 20; request++) {
    const requests = [{ request, ids: numbers(90), past: 0 }];
    await stepper.runStep({ requests, ended: request === 0 ? "all" : [] });
  }
  const random = stream("bench/pace");
  const endMs = performance.now() + 60e3 * Number(values.minutes);
  while (performance.now() < endMs) {
    const ofBatches = { ...(await referencesOf("batch")), times: new Map<Shape, number>() };
    for (const shape of shuffled(batches, random)) ofBatches.times.set(shape, await batchMs(shape));
    const ofSteps = { ...(await referencesOf("step")), times: new Map<Shape, number>() };
    for (const shape of shuffled(steps, random)) ofSteps.times.set(shape, await stepMs(shape));
    const ofRuns = { ...ofSteps, times: new Map<Shape, number>() };
    for (const shape of shuffled(decodes, random)) {
      ofRuns.times.set(shape, median(await times(shape, stepMs, RUN.kept, RUN.skipped)));
    }
    kinds.batches.push(ofBatches);
    kinds.steps.push(ofSteps);
    kinds["runs of decodes"].push(ofRuns);
  }
  await executor.close();
  await stepper.close();

  if (kinds.batches.length < FOLDS) {
    const rounds = `${kinds.batches.length} rounds in ${values.minutes} minutes, expected at least ${FOLDS}`;
    throw new ConfigError(`--minutes: ${rounds}; a round takes about 8 s on two quiet cores`);
  }
  const errors = await Promise.all(
    Object.entries(kinds).map(([kind, rounds]) =>
      predictions(rounds, references[kind === "batches" ? "batch" : "step"]),
    ),
  );
  const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
  const cell = (all: readonly number[]): string => `${percent(median(all))} (P90 ${percent(quantileOf(all, 0.9))})`;
  console.log(
    markdownTable(
      ["pace from", ...Object.keys(kinds)],
      ways.map((way) => [way, ...errors.map((of) => cell(of[way]))]),
    ),
  );
  console.log(`\n${kinds.batches.length} rounds; errors of single times`);
  return 0;
});
