/** Loaded before a command (`node --import`): at its end it writes the process's peak memory to file descriptor 3, MiB. */
import { writeSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
import { peakRssMib } from "../sim/peak-rss.js";

if (isMainThread) process.on("exit", () => writeSync(3, String(peakRssMib())));
