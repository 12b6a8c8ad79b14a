export { CachedBlocks } from "./cached-blocks.js";
export { areAnswersFinished } from "./finished-answers.js";
export { PrefixCache } from "./prefix-cache.js";
