/** Workloads: arrivals, lengths, prompts and traces become one explicit request list; the client that sends it. */
export { withAnswerEnds } from "./synthetic/index.js";
export { arrivalTimesNs, type ArrivalProcess, type RampUp } from "./synthetic/index.js";
export { findBinning, unbinned, type Binning } from "./binning.js";
export { Client, requireIndependent, requireTime, type RequestClient, type SentRequest } from "./clients/index.js";
export { classesOf } from "./synthetic/index.js";
export { clientOf } from "./clients/index.js";
export {
  attemptsOf,
  ImpatientClient,
  isImpatient,
  isLastAttempt,
  requirePatience,
  withAttempts,
  withoutPatience,
} from "./clients/index.js";
export { sessionsFromLoad, workloadFromSessions } from "./synthetic/index.js";
export { sessionStatistics, type SessionStatistics, type Spread } from "./traces/index.js";
export { syntheticLengths } from "./synthetic/index.js";
export { recordedWorkload } from "./traces/index.js";
export {
  workloadFromLengths,
  workloadFromPrompts,
  workloadFromRequests,
  type PromptSource,
} from "./synthetic/index.js";
export { moreOften } from "./more-often.js";
export { prefixCeiling, type PrefixCeiling } from "./traces/index.js";
export { meanRatePerS } from "./traces/index.js";
export { requireFits } from "./require-fits.js";
export { loadDetokenizer, loadTokenizer, type Tokenize } from "./tokenizer.js";
export {
  traceStatistics,
  type ArrivalStatistics,
  type LengthStatistics,
  type TraceStatistics,
} from "./traces/index.js";
export {
  rejectSeen,
  rejectUnmodelled,
  unmodelledFeature,
  unmodelledSettings,
  type Unmodelled,
} from "./traces/index.js";
export { withoutNetwork } from "./without-network.js";
