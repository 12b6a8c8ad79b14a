/**
 * npx tsx bench/original-suite/score.ts: simulates the six cells of examples/original-suite/experiment.yaml with the
 * shipped profile and prints them beside recorded.json. Exit 4 when a target is missed.
 */
import { readProfile } from "../../formats/files/index.js";
import { readRecorded } from "./cell-figures.js";
import { markdownTable } from "./markdown-table.js";
import { runScript } from "./run-script.js";
import { scoreCells, scoreTable, TARGET, worst } from "./score-cells.js";
import { PROFILE_PATH, RECORDED_PATH, shippedPrompts, suiteCells } from "./suite.js";

await runScript(async () => {
  const recorded = readRecorded(RECORDED_PATH);
  const scores = scoreCells(suiteCells(), recorded.cells, readProfile(PROFILE_PATH), await shippedPrompts());
  console.log(scoreTable(scores));
  const sequences = scores.map(({ name, recorded: real, simulated }) => {
    const same = real.batch_sizes.join() === simulated.batch_sizes.join();
    return [name, real.batch_sizes.join(" "), same ? "the same" : simulated.batch_sizes.join(" ")];
  });
  console.log(`\n${markdownTable(["cell", "batch sizes recorded", "simulated"], sequences)}`);
  const { mean, quantile } = worst(scores);
  const met = mean <= TARGET.mean && quantile <= TARGET.quantile && scores.length === 6;
  console.log(
    `\n${scores.length} cells, largest error: mean ${(mean * 100).toFixed(1)} % (target ${TARGET.mean * 100} %), ` +
      `P50 and P95 ${(quantile * 100).toFixed(1)} % (target ${TARGET.quantile * 100} %): ${met ? "met" : "missed"}`,
  );
  return met ? 0 : 4;
});
