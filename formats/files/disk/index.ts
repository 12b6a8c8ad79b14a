/** The disk: files and folders that appear whole or not at all, locks, and reading with limits. */
export * from "./atomic.js";
export { reasonOf } from "./file-reason.js";
export { whileFileLocked, whileLocked } from "./folder-lock.js";
export { makeFolder } from "./make-folder.js";
export { byteChunks, cannotRead, readBytes, readText, rejectUtf16, requireRegular } from "./read-bytes.js";
export { removeAbandoned } from "./temporary.js";
export * from "./whole-folder.js";
