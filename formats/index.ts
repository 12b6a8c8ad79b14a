/** The shape of everything that flows between the parts: schemas, types and errors, no file access. */
export { ConfigError, ArtifactError, BackendError, InvariantError } from "./errors.js";
export { check, suggest, type CheckContext } from "./check.js";
export { percent, sharePercent, signedPercent } from "./percent.js";
export { plainLine, printable, printableJson, wellFormed } from "./plain-text.js";
export { checkProfile } from "./check-profile.js";
export * from "./profile.js";
export { HELD_OUT_GATE, trustOf, trustWarning, type Trust, type TrustState } from "./profile-trust.js";
export * from "./workload.js";
export * from "./trace.js";
export * from "./load.js";
export * from "./experiment.js";
export * from "./run.js";
export { greatest, least, norm } from "./extremes.js";
export * from "./request-table.js";
export { eachRequest, recordsOfTable, requestCount, tableRun, withInfo } from "./table-run.js";
export { listedId, type EngineStepRecord, type ScheduledStepRecord } from "./engine-step.js";
export * from "./original-csv.js";
export { jsonSchema, schemaNames } from "./json-schema.js";
