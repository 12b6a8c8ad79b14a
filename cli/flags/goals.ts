/** Flags of latency goals: --slo p99_ttft:500,mean_tpot:40 and vLLM bench's --goodput ttft:200 tpot:50. */
import type { Argv } from "yargs";
import { z } from "zod";
import { ConfigError, parseGoodput, parseSlos, type Goals, type Load, type Slo } from "../../formats/index.js";
import { classesOf } from "../../sim/index.js";
import type { Args } from "../command.js";
import { declareFlags, parseFlags } from "./flags.js";
import { text } from "./kinds.js";

const sloFlags = {
  slo: text.describe(
    "latency goals, ms: mean and p50 to p99.9 of ttft, tpot, itl, e2el, queue, such as p99_ttft:500,mean_tpot:40",
  ),
  attainment: z
    .number()
    .min(0.5)
    .max(0.9999)
    .optional()
    .describe("with --goodput: share of the requests that must meet its limits (0.99)"),
};

const GOODPUT = "goodput";
const DEFAULT_ATTAINMENT = 0.99;

const HEADING = "Goal:";

export function declareGoals(yargs: Argv): Argv {
  return declareFlags(yargs, sloFlags, HEADING).option(GOODPUT, {
    // vLLM bench takes its limits as words of their own.
    array: true,
    type: "string",
    requiresArg: true,
    group: HEADING,
    describe: "latency limits of each request, ms, as vLLM bench takes them: ttft:200 tpot:50 (ttft, tpot, e2el)",
  });
}

/** Whether any of these flags is given. */
export function hasGoals(args: Args): boolean {
  return [args.slo, args.attainment, args[GOODPUT]].some((given) => given !== undefined);
}

/** None where no such flag is given. */
export function goalsIfGiven(args: Args): Goals {
  return hasGoals(args) ? goalsFromFlags(args) : { slos: [] };
}

/** ConfigError where no goal is given, or one cannot be read. */
export function goalsFromFlags(args: Args): Goals {
  const { slo, attainment } = parseFlags(sloFlags, args);
  const goodput = args[GOODPUT] as readonly string[] | undefined;
  if (goodput === undefined && attainment !== undefined) {
    throw new ConfigError(`--attainment ${attainment}: needs --goodput, whose limits it applies to`);
  }
  if (slo === undefined && goodput === undefined) {
    throw new ConfigError("no latency goal: give --slo p99_ttft:500 or --goodput ttft:200 tpot:50, or both");
  }
  return {
    slos: slo === undefined ? [] : parseSlos(slo),
    ...(goodput === undefined ? {} : { goodput: parseGoodput(goodput.join(" "), attainment ?? DEFAULT_ATTAINMENT) }),
  };
}

/** The goals, with the share of the requests that a goal's class has. ConfigError for a class that the load does not have. */
export function goalsOfLoad(goals: Goals, load: Load): Goals {
  const classes = classesOf(load);
  const total = classes.reduce((sum, { share }) => sum + share, 0);
  const slos = goals.slos.map((slo): Slo => {
    if (slo.class === undefined) return slo;
    const found = classes.find(({ name }) => name === slo.class);
    if (found !== undefined) return { ...slo, share: found.share / total };
    const names = classes.map(({ name }) => name).join(" or ");
    const expected = names === "" ? "--classes, which say which request is of which class" : names;
    throw new ConfigError(`--slo ${slo.name}: the load has no class ${slo.class}, expected ${expected}`);
  });
  return { ...goals, slos };
}
