/** A run: its description, and what it keeps of requests, batches and steps. */
export * from "./records.js";
export * from "./request-table.js";
export * from "./run.js";
export * from "./table-run.js";
