/** Puts capacity into a finished run: beside what the run was busy with, in its notes, and in its verdict on overload. */
import { percent, withInfo, type Run } from "../../formats/index.js";
import { busyFractions, type Busy } from "./busy.js";
import type { Capacity, NoCapacity } from "./capacity.js";

/** `capacity` of run.json and --json. */
export type RunCapacity = Capacity & {
  /** Fractions of the run's time in which GPU (or what runs batches), host thread and front end worked. */
  readonly busy: Busy;
};

/** The run with its capacity, which may be shared by all runs of the same load. Without one, capacity is null. */
export function withCapacity(run: Run, capacity: Capacity | NoCapacity): Run {
  const { summary, notes = [] } = run.info;
  if ("reason" in capacity) {
    return changedInfo(run, {
      capacity: null,
      ...(capacity.isRemarkable ? { notes: [...notes, capacity.reason] } : {}),
    });
  }
  const isAbove = capacity.verdict === "above";
  const others = notes.filter((note) => !note.startsWith("overload: "));
  const all = [...(isAbove ? [overloadNote(capacity)] : []), ...others];
  return changedInfo(run, {
    capacity: { ...capacity, busy: busyOf(run) } satisfies RunCapacity,
    notes: all.length > 0 ? all : undefined,
    summary: { ...summary, overloaded: isAbove },
  });
}

function changedInfo(run: Run, changed: Readonly<Record<string, unknown>>): Run {
  const info = Object.fromEntries(
    Object.entries({ ...run.info, ...changed }).filter(([, value]) => value !== undefined),
  );
  return withInfo(run, info as Run["info"]);
}

function overloadNote({ utilisation, busiest, latency_growth_s_per_min: growth }: Capacity): string {
  if (growth === undefined) {
    const most = Math.max(utilisation, busiest?.utilisation ?? 0);
    return `overload: ${percent(most)} of what the server can take is offered; clients that give up bound how long others wait`;
  }
  if (utilisation > 1 || busiest === undefined) {
    return (
      `overload: ${percent(utilisation)} of what the server can take is offered; latencies grow with the run, by ` +
      `${growth.toPrecision(3)} s for every minute of it`
    );
  }
  return (
    `overload: from ${busiest.from_s.toFixed(1)} to ${busiest.to_s.toFixed(1)} s ${percent(busiest.utilisation)} of what ` +
    `the server can take is offered; latencies grow there, by ${growth.toPrecision(3)} s for every minute of it`
  );
}

function busyOf({ info }: Run): Busy {
  const durationS = info.summary?.duration;
  const { gpu, host, front_end } = busyFractions(
    info,
    typeof durationS === "number" ? durationS : null,
    typeof info.replicas === "number" ? info.replicas : 1,
  );
  return { gpu: Math.min(1, gpu), host: Math.min(1, host), front_end: Math.min(1, front_end) };
}
