import type { Profile } from "../../formats/index.js";
import type { PolicyPlan } from "../policy/index.js";
import { routersFor, type RouterName } from "../router/index.js";
import { machineOf } from "./machine-of.js";

/** The routers that a policy's replicas can stand behind. */
export function routersOf(plan: PolicyPlan, profile: Profile): readonly RouterName[] {
  return routersFor(plan.work === "step" && plan.create(machineOf(profile)).prefixCache !== undefined);
}
