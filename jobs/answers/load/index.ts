/** The load that a question is about: what its requests are made from, and the number of it that is varied. */
export {
  isWholeNumber,
  loadAt,
  mostRequests,
  readSource,
  sourceNotes,
  varyNames,
  varyOf,
  workloadAt,
  type AskedVary,
  type LoadSource,
  type Vary,
} from "./load-source.js";
export { madeFrom, scaledLoad, without, type MadeFrom } from "./made-from.js";
