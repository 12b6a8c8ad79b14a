/** What a running vLLM server says of itself. */
export { startServerWatch, type ServerWatch, type WatchOptions } from "./watch.js";
export { writeServerView } from "./view-files.js";
export type { ServerView, ServerSample, HistogramView, QuantileView } from "./server-view.js";
export { readServerSettings, type ServerSettings, type SettingSource } from "./settings.js";
export { settingNames, type SettingName } from "./server-info.js";
export { checkServer, type ServerFinding } from "./check-server.js";
export { measureWatched, type WatchedMeasurement, type WatchedOptions } from "./watched-run.js";
