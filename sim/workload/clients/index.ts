export { clientOf } from "./client-of.js";
export { Client, type RequestClient, requireIndependent, requireTime, type SentRequest } from "./client.js";
export {
  attemptsOf,
  ImpatientClient,
  isImpatient,
  isLastAttempt,
  requirePatience,
  withAttempts,
  withoutPatience,
} from "./impatient-client.js";
