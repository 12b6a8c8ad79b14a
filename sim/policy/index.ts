/** The schedulers, behind one interface. */
export type * from "./policy.js";
export type { Machine } from "./machine.js";
export { findPolicy, planPolicy, policyNames, type PolicyPlan } from "./registry.js";
