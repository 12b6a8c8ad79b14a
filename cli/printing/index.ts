export { growingText, growsThroughout, printCapacity } from "./capacity.js";
export { countFigure, figure, note, print, printJson, printTable, warn } from "./print.js";
export { printProbe, printProfile } from "./profile.js";
export {
  causesText,
  errorText,
  intervalsOf,
  percentWithin,
  predicted,
  printIntervalKey,
  rangeText,
  summaryCell,
  TOO_FEW,
  totals,
} from "./statistics.js";
