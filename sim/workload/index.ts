/** Workloads: arrivals, prompts and traces become one explicit request list; the client that sends it. */
export { arrivalTimesNs, type ArrivalProcess } from "./arrivals.js";
export { Client, type SentRequest } from "./client.js";
export { workloadFromPrompts, workloadFromRequests, type PromptSource } from "./from-load.js";
export { loadTokenizer, type Tokenize } from "./tokenizer.js";
