/** Validation: one experiment over several models, with a verdict for each statistic. */
export { accuracyPage, accuracySection } from "./accuracy-page.js";
export { validate, type JudgedStatistic } from "./validate.js";
