export { addStops, type AdmissionStops, countStop, noStops, stopNames, stopOf } from "./admission-stops.js";
export { Ends } from "./ends.js";
export { type EngineTotals, sumTotals } from "./engine-totals.js";
export { recordedCounts } from "./recorded-counts.js";
export { ServerTimes, type TimeColumns } from "./server-times.js";
export { StepLog, tokenByToken } from "./step-log.js";
export { recordOf, tableOf } from "./step-records.js";
