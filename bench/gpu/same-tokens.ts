/** node dist/bench/gpu/same-tokens.js RUN RUN: how many output tokens of two runs of the same requests are equal. Exit 4 below 75 %. */
import { ConfigError, type Run } from "../../formats/index.js";
import { readRun } from "../../formats/files/index.js";
import { compareTokens } from "../../onnx/index.js";
import { runScript } from "../original-suite/run-script.js";

/** Reduced precision may flip a token that is nearly a tie, and then all that follow in its answer. */
const MIN_EQUAL = 0.75;

await runScript(async () => {
  const folders = process.argv.slice(2);
  if (folders.length !== 2)
    throw new ConfigError(`got ${folders.length} folders, expected two runs of the same requests`);
  const [expected, got] = await Promise.all(folders.map(async (folder) => tokensOf(await readRun(folder))));
  const { tokens, equalTokens, rows, equalRows } = compareTokens(expected!, got!);
  console.log(`${equalTokens} of ${tokens} tokens are equal, ${equalRows} of ${rows} answers whole`);
  return equalTokens >= MIN_EQUAL * tokens ? 0 : 4;
});

/** In the order of the requests' ids: requests may have ended in another. */
function tokensOf({ requests }: Run): number[][] {
  return [...requests]
    .sort((a, b) => Number(a.requestId) - Number(b.requestId))
    .map(({ extra }) => (extra?.output_token_ids ?? "").split(" ").map(Number));
}
