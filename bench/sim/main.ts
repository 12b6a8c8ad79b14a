/**
 * npm run -s bench:sim -- [--case NAME] [--mode default|bare] [--engine fast|step] [--json [--details]] [--profile PATH] [--cold]
 * [--requests N]: how fast the simulator is. Without --json each case runs on both engines, each time in a process of its own.
 */
import { ConfigError } from "../../formats/index.js";
import { markdownTable } from "../original-suite/markdown-table.js";
import { runScript } from "../original-suite/run-script.js";
import { oneOf, parsedOptions, wholeNumber } from "./arguments.js";
import { benchModes, caseNames, type BenchMode, type CaseName } from "./cases.js";
import { runInFreshProcess } from "./fresh-process.js";
import { engineNames, type EngineName } from "../../sim/index.js";
import { runCase, type CaseFigures, type DetailedFigures } from "./run-case.js";

const HEADER = [
  "case",
  "requests",
  "seconds",
  "requests/s",
  "output tokens/s",
  "events/request",
  "steps at once",
  "preemptions",
  "peak RSS MiB",
  "times step engine",
];

await runScript(async () => {
  const options = parseOptions(process.argv.slice(2));
  const { mode, profilePath, requests, cold } = options;
  const shared = { mode, profilePath, requests, cold };
  if (options.json) {
    if (options.name === undefined) throw new ConfigError(`--json: expected --case, one of ${caseNames.join(", ")}`);
    const figures = await runCase({ name: options.name, engine: options.engine, ...shared });
    console.log(JSON.stringify(options.details ? figures : contractOf(figures)));
    return 0;
  }
  const rows: string[][] = [];
  const notes: string[] = [];
  for (const name of options.name === undefined ? caseNames : [options.name]) {
    const fast = runInFreshProcess({ name, engine: "fast", ...shared });
    const step = runInFreshProcess({ name, engine: "step", ...shared });
    rows.push(tableRow(fast, step));
    notes.push(`${name}: ${fast.note}; step engine ${step.seconds.toFixed(2)} s`);
  }
  console.log(`${markdownTable(HEADER, rows)}\n\n${notes.join("\n")}`);
  return 0;
});

interface Options {
  readonly name: CaseName | undefined;
  readonly engine: EngineName;
  readonly json: boolean;
  readonly details: boolean;
  readonly mode: BenchMode;
  readonly profilePath: string | undefined;
  readonly requests: number | undefined;
  readonly cold: boolean;
}

function parseOptions(argv: readonly string[]): Options {
  const values = parsedOptions(argv, {
    case: { type: "string" },
    engine: { type: "string", default: "fast" },
    json: { type: "boolean", default: false },
    details: { type: "boolean", default: false },
    profile: { type: "string" },
    mode: { type: "string", default: "default" },
    cold: { type: "boolean", default: false },
    requests: { type: "string" },
  });
  return {
    name: values.case === undefined ? undefined : oneOf("--case", values.case, caseNames),
    engine: oneOf("--engine", values.engine, engineNames),
    json: values.json,
    details: values.details,
    profilePath: values.profile,
    mode: oneOf("--mode", values.mode, benchModes),
    cold: values.cold,
    requests: values.requests === undefined ? undefined : wholeNumber("--requests", values.requests),
  };
}

function contractOf(figures: DetailedFigures): CaseFigures {
  const { case: name, mode, requests, outputTokens, seconds, requestsPerS, steps, peakRssMib, engine } = figures;
  return { case: name, mode, requests, outputTokens, seconds, requestsPerS, steps, peakRssMib, engine };
}

/** Events are what the engine goes through one by one: a request's arrival and each step that was not taken in a run or jump. */
function tableRow(fast: DetailedFigures, step: DetailedFigures): string[] {
  return [
    fast.case,
    String(fast.requests),
    fast.seconds.toFixed(2),
    fast.requestsPerS.toFixed(0),
    (fast.outputTokens / fast.seconds).toExponential(2),
    ((fast.requests + fast.scheduledSteps - fast.runSteps) / fast.requests).toFixed(2),
    `${((100 * (fast.jumpedSteps + fast.runSteps)) / fast.steps).toFixed(1)} %`,
    String(fast.preemptions),
    fast.peakRssMib.toFixed(0),
    `${(step.seconds / fast.seconds).toFixed(1)}x`,
  ];
}
