/**
 * npm run -s bench:sim -- [--case NAME]... [--mode default|bare] [--rounds N] [--profile PATH] [--requests N]
 *                         [--json [--details] [--engine fast|step] [--cold]]
 * How fast the simulator is. A table of the cases, on both engines, each run in a process of its own; with --json one run of one
 * case in this process.
 */
import { ConfigError } from "../../formats/index.js";
import { runScript } from "../original-suite/run-script.js";
import { oneOf, parsedOptions, wholeNumber } from "./arguments.js";
import { benchModes, caseNames, type BenchMode, type CaseName } from "./cases.js";
import { runInFreshProcess } from "./fresh-process.js";
import { engineNames, type EngineName } from "../../sim/index.js";
import { runCase, type CaseFigures, type CaseRequest, type DetailedFigures } from "./run-case.js";
import { speedTable, type CaseRuns } from "./speed-table.js";

await runScript(async () => {
  const options = parseOptions(process.argv.slice(2));
  const { names, mode, profilePath, requests, cold, rounds } = options;
  const shared = { mode, profilePath, requests };
  if (options.json) {
    const [name] = names;
    if (name === undefined || names.length > 1) throw new ConfigError(`--json: expected one --case of ${caseNames.join(", ")}`); // prettier-ignore
    const figures = await runCase({ name, engine: options.engine, cold, ...shared });
    console.log(JSON.stringify(options.details ? figures : contractOf(figures)));
    return 0;
  }
  const cases = (names.length === 0 ? caseNames : names).map((name) => runsOf({ name, ...shared }, rounds));
  const notes = cases.map(({ warm }) => `${warm[0]!.case}: ${warm[0]!.note}`);
  console.log(`${speedTable(cases)}\n\n${notes.join("\n")}`);
  return 0;
});

/** Warm and cold in turn, so that what slows the machine for a while slows both; the step engine once. */
function runsOf(request: Omit<CaseRequest, "engine" | "cold">, rounds: number): CaseRuns {
  const runs = Array.from({ length: rounds }, () => ({
    warm: runInFreshProcess({ ...request, engine: "fast", cold: false }),
    cold: runInFreshProcess({ ...request, engine: "fast", cold: true }),
  }));
  const step = runInFreshProcess({ ...request, engine: "step", cold: false });
  return { warm: runs.map(({ warm }) => warm), cold: runs.map(({ cold }) => cold), step };
}

interface Options {
  /** Empty: all. */
  readonly names: readonly CaseName[];
  readonly rounds: number;
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
    case: { type: "string", multiple: true, default: [] },
    rounds: { type: "string", default: "1" },
    engine: { type: "string" },
    json: { type: "boolean", default: false },
    details: { type: "boolean", default: false },
    profile: { type: "string" },
    mode: { type: "string", default: "default" },
    cold: { type: "boolean", default: false },
    requests: { type: "string" },
  });
  if (!values.json && (values.cold || values.details || values.engine !== undefined)) {
    throw new ConfigError("--cold, --details and --engine: expected --json; the table has cold runs and both engines");
  }
  return {
    names: values.case.map((name) => oneOf("--case", name, caseNames)),
    rounds: wholeNumber("--rounds", values.rounds),
    engine: oneOf("--engine", values.engine ?? "fast", engineNames),
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
