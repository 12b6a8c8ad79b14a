/** The load client: request bodies, connections, streamed answers, and a workload sent on its schedule. */
export { defaultLimits, openPool, type ConnectionLimits } from "./connection.js";
export { isLast } from "./patience.js";
export {
  endpoints,
  rejectOwnFields,
  requestBody,
  sharesPromptsBetweenRuns,
  type BodyOptions,
  type Endpoint,
  type Sampling,
} from "./request-body.js";
export { requestIdPrefix, sentRequestId } from "./request-id.js";
export { runInWorkers } from "./run-in-workers.js";
export { runLoad, type LoadSettings, type SentExchange } from "./run-load.js";
export { makeSending, type Exchange } from "./send-request.js";
export { requireOwnAnswers } from "./session-bodies.js";
export { sendWarmUps } from "./warm-up.js";
