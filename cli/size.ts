/** servesim size: the fewest replicas that serve a load or a trace within latency goals. */
import { z } from "zod";
import { ConfigError, parseAutoscale } from "../formats/index.js";
import { findSize, scaledBy, sizeAnswer, type Deployment } from "../jobs/answers/index.js";
import { planOf } from "../jobs/inputs/index.js";
import { routersOf, stepPolicyNames, type RouterName } from "../sim/index.js";
import {
  answerDelivery,
  declareAnswerFlags,
  deploymentFromFlags,
  replicationsFlag,
  requireAnswerPlaces,
} from "./answer-flags.js";
import type { Args, Command } from "./command.js";
import { deliverAnswer, requireMet } from "./deliver-answer.js";
import { givenFlags, parseFlags } from "./flags.js";
import { sameCommand, withCheck } from "./reproduce.js";
import { searched } from "./searched.js";
import { stepFlags } from "./step-flags.js";
import { chartFile } from "./write-chart.js";

const ownFlags = {
  scale: z
    .number()
    .positive()
    .max(1000)
    .optional()
    .describe(
      "multiply the load: for a trace, the requests at each time of day; otherwise the rate, the clients or the sessions",
    ),
  compare_routers: z.boolean().default(false).describe("also find the fewest replicas with every other router"),
  head_room: z.boolean().default(false).describe("also find how much the load may grow with these replicas"),
  autoscale: z
    .string()
    .optional()
    .describe(
      "also simulate a reactive autoscaler: signal=queue|kv|p90_ttft,target=N,startup=240s,interval=30s," +
        "scale_down_delay=300s,min=1,max=N,initial=N",
    ),
  max_replicas: z
    .int()
    .positive()
    .max(1000)
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
  curve: z.boolean().default(false).describe("also show the latencies with up to two replicas fewer and more"),
};

export const sizeCommand: Command = {
  flags: (yargs) => declareAnswerFlags(yargs, ownFlags),
  run: async (args) => {
    const flags = parseFlags({ ...ownFlags, ...answerDelivery }, args);
    requireAnswerPlaces(flags, flags.force);
    rejectReplicas(args);
    const { deployment: unscaled, pricePerHour, asked } = await deploymentFromFlags(args, "replicas");
    const deployment = scaledBy(unscaled, flags.scale ?? 1);
    if (flags.window_s !== undefined && deployment.source.kind !== "trace") {
      throw new ConfigError(
        `--window ${flags.window_s}: only a trace of requests with times has windows, leave it out`,
      );
    }
    const { policy } = deployment;
    if (flags.head_room) requireRate(deployment);
    if (flags.autoscale !== undefined && !stepPolicyNames.includes(policy.name)) {
      throw new ConfigError(
        `--autoscale takes ${stepPolicyNames.join(" or ")}; an autoscaler with ${policy.name} is not modelled`,
      );
    }
    const autoscale = flags.autoscale === undefined ? undefined : parseAutoscale(flags.autoscale);
    const found = await searched("size", (search) =>
      findSize(deployment, {
        replications: flags.replications,
        maxReplicas: flags.max_replicas,
        otherRouters: flags.compare_routers ? otherRouters(deployment) : [],
        windowS: flags.window_s,
        autoscale,
        headRoom: flags.head_room,
        curve: flags.curve || ((flags.chart ?? flags.page) !== undefined && deployment.source.kind !== "trace"),
        ...search,
      }),
    );
    const { scale } = flags;
    const unchecked = sizeAnswer({
      deployment,
      found,
      pricePerHour,
      asked: { ...asked, ...(scale === undefined ? {} : { scale }) },
      commands: { reproduce: sameCommand(), check: null },
    });
    const answer = withCheck(unchecked, flags.output, deployment.profile);
    await deliverAnswer(answer, flags);
    requireMet(answer, deployment.goals);
  },
};

/** Those that its replicas can stand behind. */
function otherRouters(deployment: Deployment): RouterName[] {
  return routersOf(planOf(deployment), deployment.profile).filter((name) => name !== deployment.router);
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

function rejectReplicas(args: Args): void {
  const { replicas } = givenFlags({ replicas: stepFlags.replicas }, args);
  if (replicas === undefined) return;
  throw new ConfigError(
    `--replicas ${Number(replicas)}: size finds this number, leave it out; to find what that many replicas can take, use ` +
      "servesim capacity --replicas",
  );
}
