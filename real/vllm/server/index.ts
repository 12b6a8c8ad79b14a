/** What a running vLLM server says of itself. */
export { startServerWatch } from "./watch.js";
export { writeServerView, type ServerView } from "./server-view.js";
export { readServerSettings, type ServerSettings, type SettingsOptions } from "./settings.js";
export type { SettingName } from "./server-info.js";
export { checkServer, type CheckOptions } from "./check-server.js";
export { checkVersion, type AskedOfVersion, type ServerFinding } from "./check-version.js";
export { readingOf } from "./vllm-metrics.js";
export { watchTraffic, type Traffic } from "./traffic.js";
export type { Histogram } from "./histogram.js";
export { parseServeFlags } from "./serve-flags.js";
export type { ServerWatch, WatchOptions } from "./watch.js";
