/** Puts capacity into a finished run: beside what the run was busy with, in its notes, and in its verdict on overload. */
import { percent, withInfo, type Run } from "../../formats/index.js";
import type { Capacity, NoCapacity } from "./capacity.js";

/** `capacity` of run.json and --json. */
export type RunCapacity = Capacity & {
  /** Fractions of the run's time in which GPU (or what runs batches), host thread and front end worked. */
  readonly busy: { readonly gpu: number; readonly host: number; readonly front_end: number };
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

function overloadNote({ utilisation, busiest, latency_growth_s_per_min: growth = 0 }: Capacity): string {
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

function busyOf({ info }: Run): RunCapacity["busy"] {
  const facts = info as unknown as Readonly<Record<string, number | undefined>>;
  const durationS = info.summary?.duration;
  const replicas = facts.replicas ?? 1;
  const fraction = (busyMs = 0): number =>
    typeof durationS === "number" ? Math.min(1, busyMs / (1e3 * durationS * replicas)) : 0;
  return {
    gpu: fraction(facts.busy_ms),
    host: fraction(facts.host_busy_ms),
    front_end: fraction(facts.front_end_busy_ms),
  };
}
