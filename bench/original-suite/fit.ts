/**
 * npx tsx bench/original-suite/fit.ts [recording.csv]: fits the profile, prints what it rests on and how it does on
 * cells it has not seen, writes examples/original-suite/{profile,recorded}.json. Exit 2 when there is no recording.
 */
import { format } from "prettier";
import { InvariantError, type Profile } from "../../formats/index.js";
import { writeTextAtomic } from "../../formats/files/index.js";
import { batchTable } from "./batch-table.js";
import { buildProfile } from "./build-profile.js";
import { coldStartMs, fitService, scoreService, type ServiceFit } from "./fit-service.js";
import { recordedFigures } from "./recorded-figures.js";
import { readRecording, type RecordedCell } from "./recording.js";
import { recoverBatches, type RecoveredBatch } from "./recover-batches.js";
import { runScript } from "./run-script.js";
import { scoreCells, scoreTable } from "./score-cells.js";
import { PROFILE_PATH, RECORDED_PATH, shippedPrompts, suiteCells, type Cell } from "./suite.js";

interface FittedCell {
  readonly cell: Cell;
  readonly recorded: RecordedCell;
  readonly batches: readonly RecoveredBatch[];
}

/** Batch sizes of the fitted cells are 2 and 8; the other four run 2 to 10. */
const splits: readonly { readonly name: string; readonly isFitted: (cell: Cell) => boolean }[] = [
  {
    name: "naive runs 1 and 3 (batch sizes 2 and 8)",
    isFitted: ({ policy, load }) => policy.policy === "naive" && load.num_prompts !== 50,
  },
  { name: "the three naive cells", isFitted: ({ policy }) => policy.policy === "naive" },
];

await runScript(async () => {
  const recording = await readRecording(process.argv[2]);
  const cells = suiteCells().map((cell) => recover(cell, recording));
  const recorded = recordedFigures(recording);
  const [held, ...others] = splits.map((split) => fitPart(split, cells));
  const all = fitService(batchesOf(cells));
  const profile = profileOf(all, held!);
  console.log(batchTable(batchesOf(cells), all));
  const prompts = await shippedPrompts();
  for (const { name, fit, rest } of [held!, ...others]) {
    console.log(`\nFitted on ${name}, ${line(fit)}; the cells it has not seen:\n`);
    const unseen = rest.map(({ cell }) => cell);
    console.log(scoreTable(scoreCells(unseen, recorded.cells, profileOf(fit, held!), prompts)));
  }
  const [low, high] = all.baseCi95Ms;
  const [rowLow, rowHigh] = all.perRowCi95Ms;
  console.log(
    `\nFitted on all: ${line(all)} (95 %: ${low.toFixed(1)} to ${high.toFixed(1)} and ${rowLow.toFixed(2)} to ` +
      `${rowHigh.toFixed(2)}), cold start ${coldStartMs(all, firstOfProcess()).toFixed(1)} ms, memory ` +
      `${(profile.memory.base_bytes / 2 ** 30).toFixed(3)} GiB + ${profile.memory.terms[0]!.coefficient_bytes} bytes a token`,
  );
  await writePretty(PROFILE_PATH, profile);
  await writePretty(RECORDED_PATH, recorded);
  console.log(`wrote ${PROFILE_PATH} and ${RECORDED_PATH}`);
  return 0;

  function firstOfProcess(): RecoveredBatch {
    return batchesOf(cells).find(({ after }) => after === "process_start")!;
  }

  function profileOf(fit: ServiceFit, { fit: heldFit, rest }: FittedPart): Profile {
    return buildProfile({
      fit,
      firstOfProcess: firstOfProcess(),
      // Naive runs 2 and 3 recorded 0.96 throughout: a peak of the process (two copies of the weights), not of a batch.
      memoryBatches: batchesOf(cells).filter(({ peakGib }) => peakGib < 0.9),
      heldOut: scoreService(heldFit, batchesOf(rest)),
    });
  }
});

function recover(cell: Cell, recording: readonly RecordedCell[]): FittedCell {
  const { policy, load } = cell;
  const recorded = recording.find((r) => r.policy === policy.policy && r.requests.length === load.num_prompts);
  if (recorded === undefined || load.max_concurrency === undefined) {
    throw new InvariantError(`the recording has no ${policy.policy} with ${load.num_prompts} requests`);
  }
  const design = {
    clients: load.max_concurrency,
    batchSize: Number(policy.batch_size),
    timeoutMs: Number(policy.timeout_s) * 1000,
    startsProcess: load.cold_start === true,
  };
  return { cell, recorded, batches: recoverBatches(recorded, design) };
}

interface FittedPart {
  readonly name: string;
  readonly fit: ServiceFit;
  readonly rest: readonly FittedCell[];
}

function fitPart({ name, isFitted }: (typeof splits)[number], cells: readonly FittedCell[]): FittedPart {
  const fitted = cells.filter(({ cell }) => isFitted(cell));
  return { name, fit: fitService(batchesOf(fitted)), rest: cells.filter((each) => !fitted.includes(each)) };
}

function batchesOf(cells: readonly FittedCell[]): RecoveredBatch[] {
  return cells.flatMap(({ batches }) => batches);
}

function line({ baseMs, perRowMs, points }: ServiceFit): string {
  return `${baseMs.toFixed(2)} ms + ${perRowMs.toFixed(2)} ms x batch size over ${points.length} batches`;
}

async function writePretty(path: string, value: unknown): Promise<void> {
  writeTextAtomic(path, await format(JSON.stringify(value), { parser: "json", printWidth: 120 }));
}
