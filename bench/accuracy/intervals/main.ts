/**
 * npm run -s accuracy:coverage -- --recordings DIR [--profile FILE] [--replications N] [--seed S] [--json]: every recorded run
 * below DIR is simulated on its shipped profile, or on FILE, unless it was in the fit, and the statistics that lie in the 90 %
 * interval are counted.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readRecordings } from "../../../jobs/replay/index.js";
import { ArtifactError, ConfigError, type Profile } from "../../../formats/index.js";
import { packageFile, readProfile } from "../../../formats/files/index.js";
import { markdownTable } from "../../original-suite/markdown-table.js";
import { runScript } from "../../original-suite/run-script.js";
import { coverageByKind, coverRun, type Coverage, type CoveredRun } from "./coverage.js";
import { profileNameOf } from "./profile-of.js";

const { values } = parseArgs({
  options: {
    recordings: { type: "string", multiple: true },
    profile: { type: "string" },
    replications: { type: "string" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
  },
});

await runScript(async () => {
  const { recordings: folders, seed } = values;
  if (folders === undefined) throw new ConfigError("no recordings given, expected --recordings DIR");
  const replications = values.replications === undefined ? undefined : Number(values.replications);
  if (replications !== undefined && !(Number.isInteger(replications) && replications > 1)) {
    throw new ConfigError(`--replications: got "${values.replications!}", expected a whole number from 2`);
  }
  const given = values.profile === undefined ? undefined : readProfile(values.profile);
  const profiles = new Map<string, Profile>();
  const covered: CoveredRun[] = [];
  const left: { recording: string; why: string }[] = [];
  for (const { name, run } of await readRecordings(folders)) {
    if (run.requests.some(({ extra }) => extra?.probe !== undefined)) {
      left.push({ recording: name, why: "probes, no load" });
      continue;
    }
    console.error(name);
    try {
      const one = await coverRun({ name, run, profile: given ?? profileFor(name, profiles) }, { seed, replications });
      if (one === null) left.push({ recording: name, why: "in the fit" });
      else covered.push(one);
    } catch (error) {
      if (!(error instanceof ConfigError) && !(error instanceof ArtifactError)) throw error;
      left.push({ recording: name, why: error.message });
    }
  }
  if (covered.length === 0) {
    throw new ConfigError(
      ["no run is left to judge:", ...left.map((one) => `${one.recording}: ${one.why}`)].join("\n  "),
    );
  }
  const coverage = coverageByKind(covered);
  if (values.json) console.log(JSON.stringify({ level: 0.9, coverage, runs: covered, left_out: left }, null, 2));
  else print(coverage, covered, left);
  return 0;
});

function profileFor(recording: string, profiles: Map<string, Profile>): Profile {
  const name = profileNameOf(recording);
  const profile = profiles.get(name) ?? readProfile(packageFile(join("profiles", `${name}.json`)));
  profiles.set(name, profile);
  return profile;
}

function print(
  coverage: Readonly<Record<string, Coverage>>,
  runs: readonly CoveredRun[],
  left: readonly { readonly recording: string; readonly why: string }[],
): void {
  const rows = Object.entries(coverage).map(([kind, one]) => {
    const share = one.coverage === null ? "" : `${(100 * one.coverage).toFixed(0)} %`;
    return [kind, String(one.runs), `${one.inside} of ${one.statistics}`, share, one.verdict];
  });
  console.log(markdownTable(["load", "runs", "statistics inside", "coverage", "of 85 to 95 %"], rows));
  console.log("");
  const perRun = runs.map(({ recording, kind, utilisation, repeats_fit, statistics }) => [
    `${recording}${repeats_fit ? " (arrivals of the fit)" : ""}`,
    utilisation === null ? kind : `${kind}, ${utilisation.toFixed(2)}`,
    `${statistics.filter(({ inside }) => inside).length} of ${statistics.length}`,
    statistics
      .filter(({ inside }) => !inside)
      .map(({ key, real, low, high }) => `${key.replace("_ms", "")} ${short(real)} (${short(low)}-${short(high)})`)
      .join(", "),
  ]);
  console.log(markdownTable(["recording", "load, utilisation", "inside", "outside: real (interval), ms"], perRun));
  for (const { recording, why } of left) console.log(`\nleft out: ${recording}: ${why}`);
}

function short(value: number): string {
  return Number(value.toPrecision(3)).toString();
}
