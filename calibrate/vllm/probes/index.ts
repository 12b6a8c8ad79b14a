/** The loads that a live calibration sends to a server. */
export { probePlan, type ProbePlan } from "./probe-plan.js";
export type { ProbedServer, ProbeGroup } from "./probe-groups.js";
export { learntPace } from "./learnt-pace.js";
export { probeLoads, type ProbeLoad } from "./probe-loads.js";
export type { Pace } from "./probe-pace.js";
