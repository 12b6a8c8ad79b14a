/** From recorded runs of one vLLM server to a profile of it: GPU and host clock from step logs, front end from both sides. */
import { ArtifactError, type Profile } from "../../formats/index.js";
import { loadLinearSolver } from "../fit/index.js";
import { ASSUMED, buildProfile, engineCostOf } from "./build-profile.js";
import { fitEngine } from "./fit-engine.js";
import { fitFrontEnd } from "./fit-front-end.js";
import { recordedTraffic } from "./recorded-outputs.js";
import { isProbes, settingsOf, type RecordedRun } from "./recorded-run.js";
import { timelineOf } from "./timeline.js";

/** Of probes in the front end's fit: bursts and lone requests are not how it is used. */
const PROBES_WEIGHT = 0.2;

export interface VllmCalibration {
  readonly profile: Profile;
}

export async function calibrateVllm(
  runs: readonly RecordedRun[],
  options: { readonly name: string },
): Promise<VllmCalibration> {
  const solver = await loadLinearSolver();
  const logged = runs.filter(({ steps }) => steps !== undefined && steps.length > 0);
  if (logged.length === 0) throw new ArtifactError("no step logs");
  const engine = fitEngine(
    logged.map((run) => {
      const { graphs, isAsync } = settingsOf(run);
      return { timeline: timelineOf(run.steps!, graphs), isProbes: isProbes(run), isAsync };
    }),
    solver,
  );
  const frontLogs = logged.flatMap((recorded) => {
    const { run, steps } = recorded;
    const traffic = recordedTraffic(run, steps!);
    return traffic === undefined
      ? []
      : [{ requests: run.requests, traffic, weight: isProbes(recorded) ? PROBES_WEIGHT : 1 }];
  });
  const frontEnd =
    frontLogs.length === 0 ? undefined : fitFrontEnd(frontLogs, { sendNs: engine.sendNs, wakeNs: ASSUMED.wake_ns });
  const cost = engineCostOf(engine, frontEnd);
  return { profile: buildProfile({ name: options.name, cost, runs, notes: engine.unidentified }) };
}
