/** Models on disk: built once and cached, or a user's own export. */
export { defaultCacheDir, ensureModel, modelForm, type EnsureModelOptions } from "./model-cache.js";
export type { ExportedDecoder, ModelFiles } from "./model-files.js";
