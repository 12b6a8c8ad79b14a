/**
 * npm run -s accuracy [-- --data FOLDER] [-- --page docs/accuracy-data.md]: fits profiles to a part of the recorded runs, with
 * step logs and from client times alone, simulates every other run, and says where they agree. Minutes; prints Markdown.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { calibrateVllm } from "../../calibrate/vllm/index.js";
import { writeMarkedSection } from "../../formats/files/index.js";
import { readRecordings, REPLICATIONS, replayReport, splitParts, type ReplayReport } from "../../jobs/replay/index.js";
import { ConfigError, type Profile } from "../../formats/index.js";
import { markdownTable } from "../original-suite/markdown-table.js";
import { runScript } from "../original-suite/run-script.js";
import { aiconfiguratorSection } from "./aiconfigurator.js";
import { tallyOf, tallyText } from "../../report/compare/index.js";
import { identicalRuns, repeatsTheFit } from "./identical-runs.js";
import { judge, type Judged } from "./judge.js";
import { llmServingSimSection } from "./llmservingsim.js";
import { accuracyParts, loadKindOf, type AccuracyPart } from "./plan.js";
import { signed } from "./signed.js";

const { values } = parseArgs({
  options: {
    data: { type: "string", default: "../shared/data" },
    page: { type: "string" },
    only: { type: "string" },
    replications: { type: "string", default: String(REPLICATIONS) },
  },
});

/** Sections of the page, by the name that --only takes. */
const sections: Readonly<Record<string, () => Promise<string>>> = {
  "vllm-h100": async () => {
    const parts: string[] = [];
    const profiles = new Map<string, Profile>();
    for (const part of accuracyParts) parts.push(await partSection(join(values.data, "vllm-h100"), part, profiles));
    return parts.join("\n\n");
  },
  llmservingsim: () => llmServingSimSection(join(values.data, "llmservingsim")),
  aiconfigurator: () => aiconfiguratorSection(join(values.data, "aiconfigurator")),
};

const keys = ["ttft", "tpot", "e2el"].flatMap((metric) =>
  ["mean", "p50", "p95", "p99"].map((stat) => `${stat}_${metric}_ms`),
);
const headings = keys.map((key) => key.replace("_ms", "").replace("_", " "));
/** Nothing: it agrees; x: it differs; ?4: it cannot be told, four more repeats would, ? alone: none would. */
function markOf({ verdict, moreRepeats }: Judged): string {
  if (verdict === "agrees") return "";
  return verdict === "differs" ? " x" : ` ?${moreRepeats ?? ""}`;
}

await runScript(async () => {
  if (!existsSync(values.data)) throw new ConfigError(`${values.data}: no such folder, give --data FOLDER`);
  const names = values.only === undefined ? Object.keys(sections) : values.only.split(",");
  for (const name of names) {
    const make = sections[name];
    if (make === undefined) {
      throw new ConfigError(`--only ${name}: expected some of ${Object.keys(sections).join(", ")}, comma between`);
    }
    const section = await make();
    console.log(section);
    if (values.page !== undefined) writeMarkedSection(values.page, name, section);
  }
  return 0;
});

/** `profiles`: of the parts before, by title; this part's is added. */
async function partSection(data: string, part: AccuracyPart, profiles: Map<string, Profile>): Promise<string> {
  const { profile, how } = await profileOf(data, part, profiles);
  profiles.set(part.title, profile);
  const names = part.score.flatMap((setting) => recordingsOf(data, setting));
  const scored = await readRecordings(names.map((name) => join(data, name)));
  const reports = scored.map(({ run }, at) => ({
    name: names[at]!,
    report: replayReport(profile, run, {
      name: names[at]!,
      seed: "1",
      jitter: true,
      replications: Number(values.replications),
    }),
  }));
  const rows = reports.map(({ name, report }) => {
    const identical = identicalRuns(name, names, part.fit);
    const others = reports.filter((other) => identical.includes(other.name)).map((other) => other.report);
    return { name, report, judged: judge(report, others, loadKindOf(name)) };
  });
  return [
    `#### ${part.title}`,
    "",
    `${how} ${headline(rows, part.fit)}`,
    "",
    markdownTable(
      ["recording", ...headings, "preemptions"],
      rows.map(({ name, report, judged }) => [
        `${name}${part.fit.includes(name) ? " (in the fit)" : ""}`,
        ...headingsOf(judged),
        preemptionsOf(report),
      ]),
    ),
    "",
    "Mean latency of a request, simulated - real, by part, ms:",
    "",
    markdownTable(
      ["recording", "real e2el, ms", ...splitParts],
      rows.map(({ name, report }) => [name, report.metrics.mean_e2el_ms.real!.toFixed(0), ...splitOf(report)]),
    ),
  ].join("\n");
}

/** Verdicts of runs that are not in the fit, and apart those of its loads again and those of loads that it has not seen. */
function headline(
  rows: readonly { readonly name: string; readonly judged: readonly Judged[] }[],
  fit: readonly string[],
): string {
  const unseen = rows.filter(({ name }) => !fit.includes(name));
  const tally = (some: typeof unseen): string => tallyText(tallyOf(some.flatMap(({ judged }) => judged)));
  const again = unseen.filter(({ name }) => repeatsTheFit(name, fit));
  const parts =
    again.length === 0 || again.length === unseen.length
      ? ""
      : ` Loads of the fit recorded again, with the same arrivals: ${tally(again)}; loads that the fit has not seen: ` +
        `${tally(unseen.filter((row) => !again.includes(row)))}.`;
  return `Statistics of runs that are not in the fit: **${tally(unseen)}**.${parts}`;
}

async function profileOf(
  data: string,
  { title, fit, base: from, isBlackBox }: AccuracyPart,
  profiles: ReadonlyMap<string, Profile>,
): Promise<{ readonly profile: Profile; readonly how: string }> {
  const base = from === undefined ? undefined : profiles.get(from)!;
  if (base !== undefined && fit.length === 0) return { profile: base, how: `The profile "${from}", as it is.` };
  console.error(`fitting: ${title}`);
  const runs = await readRecordings(fit.map((name) => join(data, name)));
  const profile = await calibrateVllm(runs, { name: title, isBlackBox, base });
  const kept = from === undefined ? "" : `, with the GPU costs of "${from}"`;
  return { profile, how: `Fitted to ${fit.join(", ")}${kept}.` };
}

function splitOf({ split }: ReplayReport): string[] {
  return splitParts.map((part) => (split === null ? "" : signed(split[part].sim - split[part].real)));
}

function headingsOf(judged: readonly Judged[]): string[] {
  return keys.map((key) => {
    const found = judged.find((one) => one.key === key);
    if (found === undefined) return "";
    return `${signed(100 * found.error)}${markOf(found)}`;
  });
}

function preemptionsOf({ preemptions: { real, sim } }: ReplayReport): string {
  return real === null || (real === 0 && sim === 0) ? "" : `${real} real, ${sim.toFixed(0)} simulated`;
}

/** Runs of a setting, probes apart: they are no load. */
function recordingsOf(data: string, setting: string): string[] {
  const folder = join(data, setting);
  if (!existsSync(folder)) throw new ConfigError(`${folder}: no such folder, expected the recorded runs of ${setting}`);
  const runs = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return runs
    .map(({ name }) => `${setting}/${name}`)
    .filter((name) => !name.endsWith("/probes"))
    .sort();
}
