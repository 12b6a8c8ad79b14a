/** What replications of one base have in common in one thread, made when the first of them needs it. */
import type { Profile } from "../../formats/index.js";
import { planPolicy, simulateRun, withCostDraw, type PolicyPlan } from "../../sim/index.js";
import type { ReplicationBase, SummaryValues } from "./task.js";

interface Shared {
  readonly plan: PolicyPlan;
  /** Draws come again where there are fewer of them than replications. */
  readonly drawn: (draw: number | null) => Drawn;
}

interface Drawn {
  readonly profile: Profile;
  readonly steady: () => SummaryValues;
}

const shared = new WeakMap<ReplicationBase, Shared>();

export function sharedOf(base: ReplicationBase): Shared {
  const known = shared.get(base);
  if (known !== undefined) return known;
  const { policy } = base;
  const plan = planPolicy(policy.name, policy.settings, { source: `settings of ${policy.name}` });
  const all = new Map<number | null, Drawn>();
  const drawn = (draw: number | null): Drawn => {
    const found = all.get(draw) ?? drawnOf(draw, base, plan);
    all.set(draw, found);
    return found;
  };
  const made = { plan, drawn };
  shared.set(base, made);
  return made;
}

function drawnOf(draw: number | null, { input }: ReplicationBase, plan: PolicyPlan): Drawn {
  const profile = draw === null ? input.profile : withCostDraw(input.profile, draw);
  let summary: SummaryValues | undefined;
  return {
    profile,
    steady: () => (summary ??= simulateRun({ ...input, plan, profile, jitter: false }).info.summary!),
  };
}
