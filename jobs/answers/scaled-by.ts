/** A deployment whose load is multiplied: more requests at each time of day of a trace, otherwise a higher rate or more clients. */
import type { Deployment } from "./deployment.js";

export function scaledBy(deployment: Deployment, factor: number): Deployment {
  if (factor === 1) return deployment;
  const { source, load } = deployment;
  if (source.kind === "trace") return { ...deployment, source: { ...source, scale: factor } };
  const { request_rate, max_concurrency: clients, ramp_up_start_rps, ramp_up_end_rps } = load;
  return {
    ...deployment,
    load: {
      ...load,
      ...(request_rate === undefined ? {} : { request_rate: factor * request_rate }),
      ...(clients === undefined ? {} : { max_concurrency: Math.max(1, Math.round(factor * clients)) }),
      ...(ramp_up_start_rps === undefined ? {} : { ramp_up_start_rps: factor * ramp_up_start_rps }),
      ...(ramp_up_end_rps === undefined ? {} : { ramp_up_end_rps: factor * ramp_up_end_rps }),
    },
  };
}
