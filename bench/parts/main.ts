/**
 * npm run -s bench:parts -- [--case NAME] [--mode default|bare] [--runs N]: where the time of a case goes, by V8's sampling
 * profiler: mean of several runs in this process after a warm-up, by part and by function.
 */
import { Session } from "node:inspector/promises";
import { runScript } from "../original-suite/run-script.js";
import { oneOf, parsedOptions, wholeNumber } from "../sim/arguments.js";
import { benchModes, caseNames } from "../sim/cases.js";
import { preparedCase } from "../sim/run-case.js";
import { functionOf, ownTimes, ownTimeTable, partOf } from "./parts.js";

const INTERVAL_US = 200;
const MOST_FUNCTIONS = 15;

await runScript(async () => {
  const options = parsedOptions(process.argv.slice(2), {
    case: { type: "string", default: "poisson" },
    mode: { type: "string", default: "default" },
    runs: { type: "string", default: "10" },
    requests: { type: "string" },
  });
  const runs = wholeNumber("--runs", options.runs);
  const { run } = await preparedCase({
    name: oneOf("--case", options.case, caseNames),
    mode: oneOf("--mode", options.mode, benchModes),
    engine: "fast",
    cold: false,
    requests: options.requests === undefined ? undefined : wholeNumber("--requests", options.requests),
  });
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: INTERVAL_US });
  await session.post("Profiler.start");
  let seconds = 0;
  for (let at = 0; at < runs; at++) seconds += run().seconds;
  const { profile } = await session.post("Profiler.stop");
  session.disconnect();
  console.log(
    `${options.case}, ${options.mode}: ${((1e3 * seconds) / runs).toFixed(0)} ms a run under the profiler, mean of ${runs}\n`,
  );
  console.log(`${ownTimeTable("part", ownTimes(profile, partOf), runs)}\n`);
  console.log(ownTimeTable("function", ownTimes(profile, functionOf), runs, MOST_FUNCTIONS));
  return 0;
});
