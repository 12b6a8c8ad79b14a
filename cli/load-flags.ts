/** Flags that say which requests come when. */
import { z } from "zod";
import { check, ConfigError, loadSchema, type Load } from "../formats/index.js";
import type { Args } from "./command.js";
import { flagContext, givenFlags } from "./flags.js";

const loadShape = loadSchema.omit({ label: true, cold_start: true }).shape;

/** Flags of simulate and bench that say which requests come when. */
export const loadFlags = {
  ...loadShape,
  num_prompts: loadShape.num_prompts.describe("requests to send; absent: one per prompt"),
  max_concurrency: loadShape.max_concurrency.describe("closed loop: so many outstanding at most"),
  request_rate: z.union([z.number(), z.string()]).optional().describe("open loop: requests/s, or inf for all at once"),
  burstiness: loadShape.burstiness.describe("shape of the gaps: 1 Poisson, below 1 burstier"),
  arrivals: loadShape.arrivals.describe("gaps between arrivals: gamma by --burstiness, or constant"),
  output_len: loadShape.output_len.describe("output tokens of each request"),
  think_time_s: loadShape.think_time_s.describe("closed loop: pause of a client after an answer, s"),
  prompts: z.string().optional().describe("JSON array of prompts; absent: the 100 shipped ones"),
  seed: z.string().default("1").describe("seed of everything random"),
};

/** The load that the flags describe. */
export function loadFromFlags(args: Args): Load {
  const { prompts, ...rest } = givenFlags(loadFlags, args);
  const given = Object.fromEntries(Object.entries(rest).filter(([key]) => key !== "seed"));
  if (given.workload !== undefined && prompts !== undefined) {
    throw new ConfigError("--workload and --prompts exclude each other, give one");
  }
  const rate = given.request_rate;
  if (typeof rate === "string") {
    if (rate === "inf") delete given.request_rate;
    else given.request_rate = rate.trim() === "" || Number.isNaN(Number(rate)) ? rate : Number(rate);
  }
  return check(loadSchema, given, flagContext);
}
