/** The shape of everything that flows between the parts: schemas, types and errors, no file access. */
export * from "./errors.js";
export { check, suggest, type CheckContext } from "./check.js";
export { defined, withFields } from "./defined.js";
export * from "./words.js";
export { plainLine, printable, printableJson, shortWords, wellFormed } from "./plain-text.js";
export { greatest, least, norm } from "./extremes.js";
export { numberAt } from "./number-at.js";
export * from "./profile/index.js";
export * from "./load/index.js";
export * from "./run/index.js";
export * from "./answer/index.js";
export * from "./experiment.js";
export * from "./sweep.js";
export { arrivalKeys, compactDate, isResultKey, setupKeys } from "./vllm-result.js";
export * from "./original-csv.js";
export { jsonSchema, schemaNames } from "./json-schema.js";
