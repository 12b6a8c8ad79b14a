/**
 * npm run -s bench:black-box [-- --only llama8b,gpt2,llmservingsim] [-- --effort 1]: fits from client times alone and the
 * errors of means on runs that are not in the fit. Minutes each; prints Markdown.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { calibrateVllm } from "../../calibrate/vllm/index.js";
import { readRecordings, replayReport } from "../../jobs/replay/index.js";
import { ConfigError } from "../../formats/index.js";
import { mean } from "../../sim/index.js";
import { markdownTable } from "../original-suite/markdown-table.js";
import { runScript } from "../original-suite/run-script.js";
import { llmServingSimSection } from "./llmservingsim.js";
import { signed } from "./signed.js";

const { values } = parseArgs({
  options: {
    data: { type: "string", default: "../shared/data" },
    only: { type: "string", default: "llama8b,gpt2,llmservingsim" },
    effort: { type: "string", default: "1" },
    replications: { type: "string", default: "20" },
  },
});

const used = ["probes", "poisson-light-r1", "poisson-medium-r1"];
const keys = ["ttft", "tpot", "e2el"].flatMap((metric) =>
  ["mean", "p50", "p95"].map((statistic) => `${statistic}_${metric}_ms` as const),
);

await runScript(async () => {
  for (const name of values.only.split(",")) {
    const section =
      name === "llmservingsim"
        ? await llmServingSimSection(join(values.data, name), Number(values.effort))
        : await recordedSection(join(values.data, "vllm-h100", name), name);
    console.log(`### ${name}\n\n${section}\n`);
  }
  return 0;
});

async function recordedSection(folder: string, setting: string): Promise<string> {
  if (!existsSync(folder))
    throw new ConfigError(`${folder}: no such folder, expected recorded runs; give --data FOLDER`);
  const runs = await readRecordings(used.map((name) => join(folder, name)));
  const beganNs = process.hrtime.bigint();
  const profile = await calibrateVllm(runs, { name: setting, isBlackBox: true, effort: Number(values.effort) });
  const seconds = Number(process.hrtime.bigint() - beganNs) / 1e9;
  const unseen = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !used.includes(entry.name))
    .map(({ name }) => name);
  const scored = await readRecordings(unseen.map((name) => join(folder, name)));
  const errors = scored.map(({ run }, at) => {
    const { metrics } = replayReport(profile, run, {
      name: unseen[at]!,
      seed: "1",
      jitter: true,
      replications: Number(values.replications),
    });
    return keys.map((key) => 100 * metrics[key as keyof typeof metrics].error!);
  });
  const absolute = keys.map((_, at) => mean(errors.map((row) => Math.abs(row[at]!))));
  const heading = keys.map((key) => key.replace("_ms", "").replace("_", " "));
  return [
    `Fitted to ${used.join(", ")} in ${seconds.toFixed(0)} s. Errors on runs that are not in the fit, %.`,
    "",
    markdownTable(
      ["recording", ...heading],
      [
        ...errors.map((row, at) => [unseen[at]!, ...row.map(signed)]),
        ["mean of |error|", ...absolute.map((value) => value.toFixed(1))],
      ],
    ),
    "",
    ...(profile.notes ?? []).map((note) => `- ${note}`),
  ].join("\n");
}
