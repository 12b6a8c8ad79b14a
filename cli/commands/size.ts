/** servesim size: the fewest replicas that serve a load or a trace within latency goals. */
import { z } from "zod";
import {
  ConfigError,
  defined,
  greatest,
  least,
  parseAutoscale,
  percent,
  type Answer,
  type AnswerSizing,
} from "../../formats/index.js";
import { findSize, scaledBy, sizeAnswer, type Deployment } from "../../jobs/answers/index.js";
import { planOf } from "../../jobs/inputs/index.js";
import { routersOf, stepPolicyNames, type RouterName } from "../../sim/index.js";
import {
  answered,
  declareAnswerFlags,
  deploymentFromFlags,
  ownCommands,
  parseQuestion,
  printBinding,
  printEvidence,
  printFoundation,
  printTurns,
  replicationsFlag,
  requireMet,
} from "../answers/index.js";
import type { Args, Command } from "../command.js";
import { chartFile } from "../files/index.js";
import { count, givenFlags, stepFlags, text, toggle, type Flags } from "../flags/index.js";
import { figure, percentWithin, predicted, print, printTable } from "../printing/index.js";

const ownFlags = {
  scale: z
    .number()
    .positive()
    .max(1000)
    .optional()
    .describe(
      "multiply the load: for a trace, the requests at each time of day; otherwise the rate, the clients or the sessions",
    ),
  compare_routers: toggle.describe("also find the fewest replicas with every other router"),
  head_room: toggle.describe("also find how much the load may grow with these replicas"),
  autoscale: text.describe(
    "also simulate a reactive autoscaler: signal=queue|kv|p90_ttft,target=N,startup=240s,interval=30s," +
      "scale_down_delay=300s,min=1,max=N,initial=N",
  ),
  max_replicas: count(1000)
    .optional()
    .describe("most replicas that are tried; default: eight times the least that the load needs"),
  window_s: z
    .number()
    .positive()
    .optional()
    .describe("traces: length of the windows that are also sized, s (3600, or a twelfth of a trace of less than 3 h)"),
  replications: replicationsFlag.optional().describe("seeds, paces of the hosts and draws of the calibration (12)"),
  chart: chartFile.describe(
    "SVG file for a chart: for a trace, replicas over time; otherwise latencies over replicas (implies --curve)",
  ),
  curve: toggle.describe("also show the latencies with up to two replicas fewer and more"),
};

export const command: Command = {
  flags: (yargs) => declareAnswerFlags(yargs, ownFlags),
  run: async (args) => {
    const flags = parseQuestion(ownFlags, args);
    rejectReplicas(args);
    const { deployment: unscaled, pricePerHour, asked } = await deploymentFromFlags(args, "replicas");
    const { scale, replications, chart, page, head_room: headRoom, window_s: windowS } = flags;
    const deployment = scaledBy(unscaled, scale ?? 1);
    requireAsked(deployment, flags);
    const isTrace = deployment.source.kind === "trace";
    const options = {
      replications,
      maxReplicas: flags.max_replicas,
      otherRouters: flags.compare_routers ? otherRouters(deployment) : [],
      windowS,
      autoscale: flags.autoscale === undefined ? undefined : parseAutoscale(flags.autoscale),
      headRoom,
      curve: flags.curve || ((chart ?? page) !== undefined && !isTrace),
    };
    const question = { ...asked, ...defined({ scale }) };
    const { goals, profile } = deployment;
    const answer = await answered("size", { flags, profile, print: printSizeAnswer }, async (search) => {
      const found = await findSize(deployment, { ...options, ...search });
      return sizeAnswer({ deployment, found, pricePerHour, asked: question, commands: ownCommands() });
    });
    requireMet(answer, goals);
  },
};

function rejectReplicas(args: Args): void {
  const { replicas } = givenFlags({ replicas: stepFlags.replicas }, args);
  if (replicas === undefined) return;
  throw new ConfigError(
    `--replicas ${Number(replicas)}: size finds this number, leave it out; to find what that many replicas can take, use ` +
      "servesim capacity --replicas",
  );
}

/** ConfigError for a flag that this deployment has no answer to. */
function requireAsked(
  deployment: Deployment,
  { window_s: windowS, head_room, autoscale }: Flags<typeof ownFlags>,
): void {
  const { policy, source } = deployment;
  if (windowS !== undefined && source.kind !== "trace") {
    throw new ConfigError(`--window ${windowS}: only a trace of requests with times has windows, leave it out`);
  }
  if (head_room) requireRate(deployment);
  if (autoscale !== undefined && !stepPolicyNames.includes(policy.name)) {
    throw new ConfigError(
      `--autoscale takes ${stepPolicyNames.join(" or ")}; an autoscaler with ${policy.name} is not modelled`,
    );
  }
}

/** ConfigError for a load without a rate, whose head-room is wanted. */
function requireRate({ source, load }: Deployment): void {
  if (source.kind === "trace" || (load.request_rate ?? load.session_rate) !== undefined) return;
  const [what, vary] = source.kind === "sessions" ? ["sessions", "max_sessions"] : ["clients", "max_concurrency"];
  throw new ConfigError(
    `--head-room says how far a rate may grow, and the load has none; find the most ${what} with servesim capacity ` +
      `--vary ${vary} --replicas N`,
  );
}

/** The other routers that the replicas can stand behind. */
function otherRouters(deployment: Deployment): RouterName[] {
  return routersOf(planOf(deployment), deployment.profile).filter((name) => name !== deployment.router);
}

function printSizeAnswer(answer: Answer): void {
  const { value, interval, unit, question } = answer;
  const found =
    value === null ? "no number of" : countText({ value, low: interval?.low ?? null, high: interval?.high ?? null });
  print(`${found} ${value === 1 ? "replica" : unit} within ${question.goal}`);
  printTurns(answer);
  printSizing(answer, answer.sizing!);
  printBinding(answer);
  printEvidence(answer.evidence);
  printFoundation(answer);
}

/** What the interval means, other routers, head-room, and the windows of a trace. */
function printSizing({ value, interval, at_rate: at, question }: Answer, sizing: AnswerSizing): void {
  if (value === null) print(`the goal cannot be met: on more than 1 day of 10 even ${sizing.tried} replicas miss it`);
  else if (interval !== null && interval.low < value) {
    print(`${value} are enough on 9 of 10 days or more; ${interval.low} on some`);
  } else print(`${value} ${value === 1 ? "is" : "are"} enough on 9 of 10 days or more`);
  if (sizing.by_router.length > 1) {
    print(`by router: ${sizing.by_router.map((one) => `${one.router} ${countText(one)}`).join(", ")}`);
  }
  if (at !== undefined) {
    const rate = `${figure(at.rate)} ${question.asked.sessions === true ? "sessions/s" : "requests/s"}`;
    print(`head-room: the load of ${rate} may grow by ${percentWithin(at.head_room, at.interval)}`);
  }
  if (sizing.trace !== undefined) printWindows(sizing.trace);
  if (sizing.autoscale !== undefined) printAutoscale(sizing.autoscale);
}

/** `9 (8-9)`; a dash for a count beyond those that were tried. */
function countText({ value, low, high }: Omit<AnswerSizing["by_router"][number], "router">): string {
  const shown = (count: number | null): string => (count === null ? "-" : String(count));
  return low === value && high === value ? shown(value) : `${shown(value)} (${shown(low)}-${shown(high)})`;
}

const autoscaleVerdicts = {
  met: "the goal holds on 9 of 10 days or more",
  knee: "the goal holds on some days",
  no: "the goal does not hold",
} as const;

function printAutoscale(scaled: NonNullable<AnswerSizing["autoscale"]>): void {
  const { plan, verdict, attainment, minutes, minutes_outside: outside, replica_hours: hours } = scaled;
  print(
    `autoscaler on ${plan.signal} ${figure(plan.target)}, start-up ${plan.startup_s} s: ${autoscaleVerdicts[verdict]}; ` +
      `${percent(attainment.value, 2)} of the requests within the limits, ${predicted(outside.value, outside)} of ${minutes} minutes outside, ` +
      `${predicted(hours.value, hours)} replica-hours, ${plan.initial} to ${scaled.peak_replicas} replicas`,
  );
}

function printWindows({
  window_s,
  windows,
  fixed_replica_hours: fixed,
  ideal_replica_hours: ideal,
}: NonNullable<AnswerSizing["trace"]>): void {
  // prettier-ignore
  printTable(
    [`windows of ${figure(window_s, 3)} s from`, "requests/s", "fewest replicas"],
    windows.map(({ start_s, end_s, requests, replicas }) => [
      `${Math.round(start_s)} s`,
      figure(requests / (end_s - start_s), 3),
      replicas === null ? "-" : String(replicas),
    ]),
  );
  const known = windows.flatMap(({ replicas }) => replicas ?? []);
  print(
    `by window from ${least(known)} to ${greatest(known)} replicas; the fixed number takes ${figure(fixed, 3)} replica-hours, ` +
      `an ideal autoscaler ${ideal === null ? "cannot meet the goal in every window" : figure(ideal, 3)}`,
  );
}
