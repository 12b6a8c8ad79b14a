export type { Fleet, FleetState } from "./fleet.js";
export { Service } from "./service.js";
export { Turns } from "./turns.js";
