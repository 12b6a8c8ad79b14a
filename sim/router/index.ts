/** Routers: which replica an arriving request goes to. */
export {
  DEFAULT_BETA,
  goesByPrefix,
  makeRouter,
  requireBetaOf,
  requireRouter,
  routerDraws,
  routerNames,
  routersFor,
  routesBlindly,
  type Route,
  type RouterName,
} from "./registry.js";
export type { Replicas, RoutedRequest, Router } from "./router.js";
