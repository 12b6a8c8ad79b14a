export { withAnswerEnds } from "./answer-ends.js";
export { type ArrivalProcess, arrivalTimesNs, type RampUp } from "./arrivals.js";
export { type PromptSource, workloadFromLengths, workloadFromPrompts, workloadFromRequests } from "./from-load.js";
export { sessionsFromLoad, workloadFromSessions } from "./from-sessions.js";
export { syntheticLengths } from "./lengths.js";
export { classesOf } from "./request-classes.js";
