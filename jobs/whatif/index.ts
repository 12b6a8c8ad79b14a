/** What a change of load, settings, policy or hardware does. */
export { parseChanges, withChanges } from "./changes.js";
export { differenceOf } from "./differences.js";
export { DEFAULT_DAYS, headlineOf, whatif, type WhatifInput } from "./whatif.js";
