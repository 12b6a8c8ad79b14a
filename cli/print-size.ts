/** Prints what is particular to a number of replicas: what its interval means, other routers, head-room, and a trace's windows. */
import { greatest, least, percent, signedPercent, type Answer, type AnswerSizing } from "../formats/index.js";
import { predicted } from "./print-intervals.js";
import { figure, print, printTable } from "./output.js";

export function printSize({ value, interval, at_rate: at, question }: Answer, sizing: AnswerSizing): void {
  if (value === null) print(`the goal cannot be met: on more than 1 day of 10 even ${sizing.tried} replicas miss it`);
  else if (interval !== null && interval.low < value) {
    print(`${value} are enough on 9 of 10 days or more; ${interval.low} on some`);
  } else print(`${value} ${value === 1 ? "is" : "are"} enough on 9 of 10 days or more`);
  const [own, ...others] = sizing.by_router;
  if (own !== undefined && others.length > 0) {
    print(`by router: ${[own, ...others].map((one) => `${one.router} ${rangeText(one)}`).join(", ")}`);
  }
  if (at !== undefined) {
    const { low, high } = at.interval;
    print(
      `head-room: the load of ${figure(at.rate)} ${question.asked.sessions === true ? "sessions/s" : "requests/s"} may grow by ${signedPercent(at.head_room)} ` +
        `(${signedPercent(low)} to ${signedPercent(high)})`,
    );
  }
  if (sizing.trace !== undefined) printWindows(sizing.trace);
  if (sizing.autoscale !== undefined) printAutoscale(sizing.autoscale);
}

const autoscaleVerdicts = {
  met: "the goal holds on 9 of 10 days or more",
  knee: "the goal holds on some days",
  no: "the goal does not hold",
} as const;

function printAutoscale(scaled: NonNullable<AnswerSizing["autoscale"]>): void {
  const { plan, verdict, attainment, minutes, minutes_outside: outside, replica_hours: hours } = scaled;
  const ranged = ({ value, low, high }: { value: number; low: number; high: number }): string =>
    predicted(value, { low, high });
  print(
    `autoscaler on ${plan.signal} ${figure(plan.target)}, start-up ${plan.startup_s} s: ${autoscaleVerdicts[verdict]}; ` +
      `${percent(attainment.value, 2)} of the requests within the limits, ${ranged(outside)} of ${minutes} minutes outside, ` +
      `${ranged(hours)} replica-hours, ${plan.initial} to ${scaled.peak_replicas} replicas`,
  );
}

/** The answer with its interval: `9 (8-9)`. */
export function countText({ value, interval }: Answer): string {
  return value === null ? "no number of" : rangeText({ router: "", value, low: interval?.low ?? null, high: interval?.high ?? null }); // prettier-ignore
}

/** `9 (8-9)`; a dash for a count beyond those that were tried. */
function rangeText({ value, low, high }: AnswerSizing["by_router"][number]): string {
  const text = (count: number | null): string => (count === null ? "-" : String(count));
  return low === value && high === value ? text(value) : `${text(value)} (${text(low)}-${text(high)})`;
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
