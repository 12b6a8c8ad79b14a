import { createRouter, routerNames } from "./registry.js";
import { testRouter } from "./router.conformance.js";

const prefixCache = { blockTokens: 16, kvTokens: 400 };

for (const name of routerNames) testRouter(name, (seed) => createRouter(name, { seed, prefixCache }));
