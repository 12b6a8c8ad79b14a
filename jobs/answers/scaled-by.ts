/**
 * A deployment whose load is multiplied: more requests at each time of day of a trace, otherwise a higher rate, or more clients or
 * sessions. ConfigError for sessions that begin at times of their own.
 */
import { ConfigError } from "../../formats/index.js";
import type { Deployment } from "./deployment.js";

export function scaledBy(deployment: Deployment, factor: number): Deployment {
  if (factor === 1) return deployment;
  const { source, load } = deployment;
  if (source.kind === "trace") return { ...deployment, source: { ...source, scale: factor } };
  if (source.kind === "sessions" && source.isTimed) {
    throw new ConfigError(
      `--scale ${factor}: the sessions of the trace begin at their recorded times; give --session-rate or --max-sessions, and scale that`,
    );
  }
  const { request_rate, max_concurrency: clients, ramp_up_start_rps, ramp_up_end_rps } = load;
  const { session_rate, max_sessions } = load;
  return {
    ...deployment,
    load: {
      ...load,
      ...(request_rate === undefined ? {} : { request_rate: factor * request_rate }),
      ...(clients === undefined ? {} : { max_concurrency: Math.max(1, Math.round(factor * clients)) }),
      ...(session_rate === undefined ? {} : { session_rate: factor * session_rate }),
      ...(max_sessions === undefined ? {} : { max_sessions: Math.max(1, Math.round(factor * max_sessions)) }),
      ...(ramp_up_start_rps === undefined ? {} : { ramp_up_start_rps: factor * ramp_up_start_rps }),
      ...(ramp_up_end_rps === undefined ? {} : { ramp_up_end_rps: factor * ramp_up_end_rps }),
    },
  };
}
