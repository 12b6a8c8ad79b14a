/** Costs of the engine, from logs of its steps. */
export { costDrawsOf, intervalsOf, type Intervals } from "./resampled-fits.js";
export type { GpuTimes } from "./engine-model.js";
export { fitEngine, type EngineFit } from "./fit-engine.js";
export { refitPace } from "./refit-pace.js";
export { loadOf, pacedRuns, runPaceOf, withPaces, withRunPaces, type RunPace } from "./run-paces.js";
export { typicalLead, type LaunchFit } from "./fit-launches.js";
