/** Costs of the engine from its clients' times alone: a search over simulations. */
export { fitBlackBox } from "./black-box.js";
export { withPace, costOf } from "./black-box-model.js";
export { clientPaceNote, fitClientPace } from "./client-pace.js";
export { trialReplay } from "./client-target.js";
export { blackBoxConstants, type BlackBoxConstants } from "./black-box-constants.js";
export { guessed, startFrom } from "./black-box-start.js";
export { searchCosts } from "./search-costs.js";
