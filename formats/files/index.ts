/** Reading and writing the formats. Node only; sim/ takes the schemas and types of formats/ alone. */
export { reasonOf } from "./file-reason.js";
export { makeAtomic, readJson, writeBytesAtomic, writeJson, writeLinesAtomic, writeTextAtomic } from "./atomic.js";
export { packageFile, packageVersion, workerFile } from "./package-file.js";
export { readText, requireRegular } from "./read-bytes.js";
export { checkRows, readCsv, writeCsv, writeCsvRows, type CsvRow } from "./csv.js";
export { readProfile, writeProfile, readPrompts, readManifest, writeManifest } from "./json-files.js";
export { readExperiment, readSweep, readValidation, writeExperiment } from "./experiment-file.js";
export { readTrace, traceOptionsOf, writeTrace, writtenForms, type WrittenForm } from "./traces/index.js";
export { whileFileLocked, whileLocked } from "./folder-lock.js";
export { removeAbandoned } from "./temporary.js";
export { readRun, requireReplaceable, writeRun } from "./run-folder.js";
export { runLog, type RunLog } from "./run-log.js";
export { readJsonLines } from "./json-lines.js";
export { makeFolder } from "./make-folder.js";
export { readLlmServingSim } from "./llmservingsim.js";
export { readBlockCounts, readScheduledSteps, readSteps, type BlockCounts } from "./steps-file.js";
export { readOriginalCsv, writeOriginalCsv } from "./original-csv-file.js";
export { writeMarkedSection, requireMarkedSection } from "./marked-section.js";
