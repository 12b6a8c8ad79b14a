export { FirstTokens } from "./first-tokens.js";
export { GiveUps } from "./give-ups.js";
export { observeWork, RequestWork } from "./wasted-work.js";
