/** A load of an experiment in a few words. */
import type { RunInfo } from "../../formats/index.js";

/** `20 requests/s at random times`; the label of the load where nothing is known of it. */
export function loadText({ load }: Pick<RunInfo, "load">): string {
  const { request_rate: rate, max_concurrency: clients, burstiness, arrivals } = load;
  const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
  const atOnce = isNumber(clients) ? `, at most ${clients} at once` : "";
  if (isNumber(rate)) return `${rate} requests/s${timesText(arrivals, burstiness)}${atOnce}`;
  if (isNumber(clients)) return `${clients} clients, each sends when it is answered`;
  return typeof load.label === "string" ? load.label : load.kind;
}

function timesText(arrivals: unknown, burstiness: unknown): string {
  if (arrivals === "constant") return " at even times";
  if (arrivals !== "gamma") return "";
  return burstiness === 1 ? " at random times (Poisson)" : ` at random times (burstiness ${String(burstiness)})`;
}
