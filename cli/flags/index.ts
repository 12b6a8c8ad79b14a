export {
  declareFlags,
  flagContext,
  flagName,
  fractionOf,
  givenFlags,
  oneOf,
  parseFlags,
  rejectGiven,
  type Flags,
  type Shape,
} from "./flags.js";
export { declareGoals, goalsFromFlags, goalsIfGiven, goalsOfLoad, hasGoals } from "./goals.js";
export { count, fileName, folderName, mebibytes, seconds, text, toggle } from "./kinds.js";
export { loadFlags, traceFlags, traceLoadFromFlags } from "./load.js";
export { modelFlags, samplingFlags } from "./model.js";
export { planFromFlags, policyShape, settingsNotModelled } from "./policy.js";
export { rejectServerFlags, serverAccess, serverAt, serverFlags } from "./server.js";
export {
  declareRunFlags,
  jitterFlag,
  requireJitter,
  runRequest,
  simulationFromFlags,
  stepFlags,
} from "./simulation.js";
export { clientOptions, vllmFlags } from "./vllm.js";
