/** Reading and writing the formats. Node only; sim/ takes the schemas and types of formats/ alone. */
export {
  makeAtomic,
  makeFolder,
  readText,
  reasonOf,
  removeAbandoned,
  requireRegular,
  whileFileLocked,
  whileLocked,
  writeBytesAtomic,
  writeLinesAtomic,
  writeTextAtomic,
} from "./disk/index.js";
export { readJson, readJsonLines, writeJson } from "./json.js";
export { packageFile, packageVersion, workerFile } from "./package-file.js";
export { checkRows, readCsv, writeCsv, writeCsvRows, type CsvRow } from "./csv.js";
export { readProfile, writeProfile, readPrompts, readManifest, writeManifest } from "./json-files.js";
export { readExperiment, readSweep, readValidation, writeExperiment } from "./experiment-file.js";
export { readTrace, traceOptionsOf, writeTrace, writtenForms, type WrittenForm } from "./traces/index.js";
export {
  readBlockCounts,
  readLlmServingSim,
  readRun,
  readScheduledSteps,
  readSteps,
  readVllmBench,
  requireReplaceable,
  runLog,
  writeRun,
  type BlockCounts,
  type RunLog,
} from "./runs/index.js";
export { readOriginalCsv, writeOriginalCsv } from "./original-csv-file.js";
export { writeMarkedSection, requireMarkedSection } from "./marked-section.js";
