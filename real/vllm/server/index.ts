/** What a running vLLM server says of itself. */
export { startServerWatch } from "./watch.js";
export { writeServerView } from "./view-files.js";
export type { ServerView } from "./server-view.js";
export { readServerSettings, type ServerSettings, type SettingsOptions } from "./settings.js";
export type { SettingName } from "./server-info.js";
export { checkServer, type CheckOptions } from "./check-server.js";
export { checkVersion, type AskedOfVersion } from "./check-version.js";
export type { ServerFinding } from "./finding.js";
export { measureWatched } from "./watched-run.js";
export { readingOf } from "./vllm-metrics.js";
export { watchTraffic, type Traffic } from "./traffic.js";
export type { Histogram } from "./histogram.js";
export { parseServeFlags } from "./serve-flags.js";
