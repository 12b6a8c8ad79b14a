/**
 * What to send to a vLLM server within a time budget: probes, a load to fit, two loads to score. What does not fit is dropped,
 * least informative first, and named. Pure: the same server, pace, budget and seed give the same plan.
 */
import { ConfigError } from "../../../formats/index.js";
import { stream } from "../../../sim/index.js";
import { probeGroups, type ProbedServer, type ProbeGroup } from "./probe-groups.js";
import { probeLoads, type LoadBudget, type ProbeLoad } from "./probe-loads.js";
import type { Pace } from "./probe-pace.js";

export interface ProbePlan {
  /** In the order to send them: tier by tier, shuffled within one, so that drift does not look like a trend. */
  readonly groups: readonly ProbeGroup[];
  readonly loads: readonly ProbeLoad[];
  /** Seed and length of the loads, to plan one again once more is known of the server. */
  readonly loadBudget: LoadBudget;
  /** Names of the groups that did not fit. */
  readonly dropped: readonly string[];
  readonly expectedMs: number;
}

export interface PlanBudget {
  readonly budgetMs: number;
  readonly seed: string;
  /** Between two groups, so that the server is idle. */
  readonly pauseMs: number;
}

/** Part of the budget for the loads together. */
const LOADS_FRACTION = 0.5;
const LOADS = 3;

/** ConfigError when not even what is indispensable fits, with the budget that would do. */
export function probePlan(server: ProbedServer, pace: Pace, { budgetMs, seed, pauseMs }: PlanBudget): ProbePlan {
  const loadBudget = { seed, loadMs: (LOADS_FRACTION / LOADS) * budgetMs };
  const loads = probeLoads(server, pace, loadBudget);
  const cost = ({ expectedMs }: { readonly expectedMs: number }): number => expectedMs + pauseMs;
  const loadsMs = loads.reduce((sum, load) => sum + cost(load), 0);
  const kept = new Set(probeGroups(server, pace));
  const dropped: string[] = [];
  const total = (): number => [...kept].reduce((sum, group) => sum + cost(group), loadsMs);
  for (const tier of [4, 3, 2]) {
    // The costliest of a tier first: that keeps most of it.
    const candidates = [...kept].filter((group) => group.tier === tier).sort((a, b) => b.expectedMs - a.expectedMs);
    for (const group of candidates) {
      if (total() <= budgetMs) break;
      kept.delete(group);
      dropped.push(group.name);
    }
  }
  const expectedMs = total();
  if (expectedMs > budgetMs) {
    // With a longer budget the loads are longer, too; their arrivals are random.
    const needS = Math.ceil(Math.max(1.1 * expectedMs, (1.2 * (expectedMs - loadsMs)) / (1 - LOADS_FRACTION)) / 1e3);
    throw new ConfigError(
      `a budget of ${Math.round(budgetMs / 1e3)} s is too short for this server: lone prefills, ladders and three loads take about ` +
        `${needS} s; give --budget ${needS}s or more`,
    );
  }
  return { groups: ordered([...kept], seed), loads, loadBudget, dropped, expectedMs };
}

function ordered(groups: readonly ProbeGroup[], seed: string): ProbeGroup[] {
  const random = stream(`${seed}/0/probe-order`);
  return groups
    .map((group) => ({ group: group.isOneByOne ? shuffledRequests(group, random) : group, key: group.tier + random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ group }) => group);
}

function shuffledRequests(group: ProbeGroup, random: () => number): ProbeGroup {
  const requests = group.requests.map((request) => ({ request, key: random() })).sort((a, b) => a.key - b.key);
  return { ...group, requests: requests.map(({ request }) => request) };
}
