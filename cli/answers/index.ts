export { writeAnswerPage } from "./chart.js";
export { differentSettings, ownCommands, sameCommand } from "./check.js";
export { answered, deliverAnswer, requireMet } from "./deliver.js";
export {
  answerDelivery,
  answerFlags,
  declareAnswerFlags,
  declareScenarioFlags,
  deploymentFromFlags,
  parseQuestion,
  replicationsFlag,
  requireAnswerPlaces,
  scenarioFromFlags,
} from "./flags.js";
export { printBinding, printEvidence, printFoundation, printLoadAnswer, printTurns } from "./print.js";
