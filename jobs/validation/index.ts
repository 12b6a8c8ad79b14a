/** Validation: one experiment over several models, with a verdict for each statistic. */
export { accuracyPage, accuracySection } from "./accuracy-page.js";
export type { JudgedStatistic } from "./judge-cell.js";
export { validate } from "./validate.js";
