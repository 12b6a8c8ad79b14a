/**
 * What settings are tuned for: the least of a latency statistic, or the most goodput, at the load as it is; or the
 * highest rate within the latency goals. Other goals that were given must hold as well.
 */
import {
  ConfigError,
  defined,
  goalsText,
  parseSlos,
  sloMetrics,
  type Goals,
  type Slo,
} from "../../../formats/index.js";

export interface TuneGoal {
  /** `throughput`, `goodput`, or a statistic such as `p99_ttft`. */
  readonly name: string;
  readonly unit: string;
  readonly isMost: boolean;
  /** With the statistic among them, so that it is measured. */
  readonly goals: Goals;
  /** In words. */
  readonly text: string;
}

/** A limit that nothing reaches: of what is only measured. */
const NO_LIMIT_MS = 1e15;

/** The statistic measured alone, whatever it comes to. */
export function unlimited(slo: Slo): Slo {
  return { ...slo, limitMs: NO_LIMIT_MS };
}

/** Whether it limits anything. */
export function isLimit({ limitMs }: Pick<Slo, "limitMs">): boolean {
  return limitMs < NO_LIMIT_MS;
}

/** ConfigError for an unknown name, or a goal without its limits. */
export function tuneGoal(name: string, given: Goals | undefined): TuneGoal {
  const goals: Goals = given ?? { slos: [] };
  const hasLimits = goals.slos.length > 0 || goals.goodput !== undefined;
  if (name === "throughput") {
    if (!hasLimits) throw new ConfigError("--goal throughput: it is the highest rate within latency goals, give --slo or --goodput"); // prettier-ignore
    return { name, unit: "requests/s", isMost: true, goals, text: `most throughput within ${goalsText(goals)}` };
  }
  if (name === "goodput") {
    if (goals.goodput === undefined) throw new ConfigError("--goal goodput: expected its limits, --goodput ttft:200 tpot:50"); // prettier-ignore
    // Its share is what is maximised, not a limit.
    return { name, unit: "requests/s", isMost: true, goals, text: `most requests/s that meet ${goalsText({ slos: [], goodput: goals.goodput })}` }; // prettier-ignore
  }
  const measured = unlimited(statisticOf(name));
  const others = goals.slos.filter((slo) => slo.name !== measured.name);
  if (others.length < goals.slos.length) throw new ConfigError(`--goal ${name}: this statistic is minimised, leave it out of --slo`); // prettier-ignore
  const within = hasLimits ? ` within ${goalsText(goals)}` : "";
  return {
    name: measured.name,
    unit: "ms",
    isMost: false,
    goals: { slos: [...others, measured], ...defined({ goodput: goals.goodput }) },
    text: `least ${measured.name}${within}`,
  };
}

/** ConfigError for what is no statistic alone. */
function statisticOf(name: string): Slo {
  try {
    const [wanted, ...more] = parseSlos(`${name}:1`);
    if (more.length === 0) return wanted!;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
  }
  throw new ConfigError(
    `--goal: got "${name}", expected throughput, goodput, or a statistic without a limit, such as p99_ttft ` +
      `(statistics: mean, p50 to p99.9; metrics: ${sloMetrics.join(", ")})`,
  );
}
