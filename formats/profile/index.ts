/** A profile: what work costs on one machine, and whether its predictions can be trusted. */
export * from "./costs.js";
export { type BasisName, type CostTerm, type FitScore, type Variation } from "./parts.js";
export * from "./profile.js";
export { stepPartNames, type StepCosts, type StepPartName, type StepTerms } from "./step-costs.js";
export { HELD_OUT_GATE, trustOf, trustWarning, type TrustState } from "./trust.js";
