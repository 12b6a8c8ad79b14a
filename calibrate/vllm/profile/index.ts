/** From fitted costs to a profile. */
export { ASSUMED, buildProfile, engineCostOf, loggedSources } from "./build-profile.js";
export { recordedModel, routingNotes } from "./model-shape.js";
