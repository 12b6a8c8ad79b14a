/** A reactive autoscaler as users write it: `signal=queue,target=5,startup=240s,interval=30s`. */
import { ConfigError } from "../errors.js";

/**
 * queue: requests that wait in the engine, per replica (vLLM's num_requests_waiting); kv: share of the KV blocks in use
 * (kv_cache_usage_perc); p90_ttft: of the first tokens since the last look, ms.
 */
export const autoscaleSignals = ["queue", "kv", "p90_ttft"] as const;
export type AutoscaleSignal = (typeof autoscaleSignals)[number];

export interface AutoscalePlan {
  readonly signal: AutoscaleSignal;
  /** What the signal is to be on the mean over the replicas that serve; in its unit. */
  readonly target: number;
  /** From the launch of a replica until it serves. */
  readonly startupS: number;
  /** From one look at the signal to the next. */
  readonly intervalS: number;
  /** Fewer replicas only when every look of this time wanted fewer. */
  readonly scaleDownDelayS: number;
  readonly min: number;
  readonly max: number;
  /** That serve at the start; absent: the caller's choice. */
  readonly initial?: number;
}

const EXPECTED =
  "signal=queue|kv|p90_ttft,target=NUMBER, and if wanted startup=240s, interval=30s, scale_down_delay=300s, min=1, max=N, initial=N";
/** Of Kubernetes' HorizontalPodAutoscaler, its stabilization window. */
const SCALE_DOWN_DELAY_S = 300;
const STARTUP_S = 240;
const INTERVAL_S = 30;
const MAX_AUTOSCALED = 1000;

type Values = Readonly<Record<string, string>>;

/** Without `max` it is Infinity. ConfigError says which part cannot be read, and what was expected. */
export function parseAutoscale(text: string, source = "--autoscale"): AutoscalePlan {
  const values = valuesOf(text, source);
  const { signal } = values;
  if (!autoscaleSignals.some((known) => known === signal)) throw unreadable(source, `signal=${signal ?? ""}`);
  const target = numberOf(values, "target", source);
  if (signal === "kv" && target > 1) throw unreadable(source, `target=${values.target!}, a share of the KV blocks, at most 1`); // prettier-ignore
  const plan: AutoscalePlan = {
    signal: signal as AutoscaleSignal,
    target,
    startupS: secondsOf(values, "startup", STARTUP_S, source),
    intervalS: secondsOf(values, "interval", INTERVAL_S, source),
    scaleDownDelayS: secondsOf(values, "scale_down_delay", SCALE_DOWN_DELAY_S, source),
    min: countOf(values, "min", 1, source),
    max: countOf(values, "max", Infinity, source),
    ...(values.initial === undefined ? {} : { initial: countOf(values, "initial", 1, source) }),
  };
  if (plan.intervalS === 0) throw unreadable(source, "interval=0");
  const { min, initial = min } = plan;
  if (min > plan.max || initial < min || initial > plan.max) {
    throw new ConfigError(
      `${source}: got min=${min}, initial=${initial}, max=${plan.max}, expected them in this order`,
    );
  }
  return plan;
}

const keys = ["signal", "target", "startup", "interval", "scale_down_delay", "min", "max", "initial"];

function valuesOf(text: string, source: string): Values {
  const values: Record<string, string> = {};
  for (const part of text
    .split(",")
    .map((one) => one.trim())
    .filter(Boolean)) {
    const [key = "", value = "", ...more] = part.split("=");
    if (!keys.includes(key) || value === "" || more.length > 0) throw unreadable(source, part);
    if (values[key] !== undefined) throw new ConfigError(`${source}: got ${key} twice, expected it once`);
    values[key] = value;
  }
  return values;
}

function numberOf(values: Values, key: string, source: string): number {
  const text = values[key] ?? "";
  const number = Number(text);
  if (text !== "" && number > 0 && number < Infinity) return number;
  throw unreadable(source, `${key}=${text}`);
}

function countOf(values: Values, key: string, otherwise: number, source: string): number {
  if (values[key] === undefined) return otherwise;
  const count = numberOf(values, key, source);
  if (Number.isInteger(count) && count <= MAX_AUTOSCALED) return count;
  throw unreadable(source, `${key}=${values[key]}`);
}

/** `240s`, `4m`, or a number of seconds. */
function secondsOf(values: Values, key: string, otherwise: number, source: string): number {
  const text = values[key];
  if (text === undefined) return otherwise;
  const [, number, unit = "s"] = /^(\d+(?:\.\d+)?)(s|m|h)?$/.exec(text) ?? [];
  const seconds = Number(number) * { s: 1, m: 60, h: 3600 }[unit]!;
  if (seconds >= 0 && seconds <= 1e6) return seconds;
  throw unreadable(source, `${key}=${text}`);
}

function unreadable(source: string, part: string): ConfigError {
  return new ConfigError(`${source}: got "${part}", expected ${EXPECTED}`);
}
