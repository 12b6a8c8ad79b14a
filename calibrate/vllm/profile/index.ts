/** From fitted costs to a profile. */
export { ASSUMED, buildProfile, engineCostOf, loggedSources } from "./build-profile.js";
export { recordedModel } from "./model-shape.js";
export { routingNotes } from "./routing-note.js";
