// Preloaded into a process under test: leaves the most memory that it had resident, KiB, where PEAK_RSS_FILE says.
const { writeFileSync } = require("node:fs");
const { isMainThread } = require("node:worker_threads");

if (isMainThread && process.env.PEAK_RSS_FILE !== undefined) {
  process.on("exit", () => {
    writeFileSync(process.env.PEAK_RSS_FILE, String(process.resourceUsage().maxRSS));
  });
}
