/** How much a server can take: the rate of the same requests with it kept full, and a load beside that. */
export { capacityOf, saturatedRate, type Capacity, type NoCapacity } from "./capacity.js";
export type { Stretch } from "./busiest-stretch.js";
export { offeredLoad, type Offered } from "./offered.js";
export { boundNames, type BoundName } from "./bound-by.js";
export { withCapacity, type RunCapacity } from "./with-capacity.js";
export { ifItWorks, withTwice, type Doubled } from "./doubled-limit.js";
export { busiestClock, busyFractions, type Busy } from "./busy.js";
export { slotsOfServer } from "./saturate.js";
