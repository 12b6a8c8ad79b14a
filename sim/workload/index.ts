/** Workloads: arrivals, lengths, prompts and traces become one explicit request list; the client that sends it. */
export { withAnswerEnds } from "./answer-ends.js";
export { arrivalTimesNs, type ArrivalProcess, type RampUp } from "./arrivals.js";
export { findBinning, unbinned, type Binning } from "./binning.js";
export { Client, requireIndependent, requireTime, type RequestClient, type SentRequest } from "./client.js";
export { classesOf } from "./request-classes.js";
export { clientOf } from "./client-of.js";
export {
  attemptsOf,
  ImpatientClient,
  isImpatient,
  isLastAttempt,
  requirePatience,
  withAttempts,
  withoutPatience,
} from "./impatient-client.js";
export { sessionsFromLoad, workloadFromSessions } from "./from-sessions.js";
export { sessionStatistics, type SessionStatistics, type Spread } from "./session-statistics.js";
export { syntheticLengths } from "./lengths.js";
export { recordedWorkload } from "./recorded-load.js";
export { workloadFromLengths, workloadFromPrompts, workloadFromRequests, type PromptSource } from "./from-load.js";
export { moreOften } from "./more-often.js";
export { prefixCeiling, type PrefixCeiling } from "./prefix-ceiling.js";
export { meanRatePerS } from "./trace-times.js";
export { requireFits } from "./require-fits.js";
export { loadDetokenizer, loadTokenizer, type Tokenize } from "./tokenizer.js";
export {
  traceStatistics,
  type ArrivalStatistics,
  type LengthStatistics,
  type TraceStatistics,
} from "./trace-statistics.js";
export {
  rejectSeen,
  rejectUnmodelled,
  unmodelledFeature,
  unmodelledSettings,
  type Unmodelled,
} from "./unmodelled-server.js";
export { withoutNetwork } from "./without-network.js";
