/** How busy the clocks of a server were: the GPU (or what runs batches), the host thread and the front end. */
export interface Busy {
  readonly gpu: number;
  readonly host: number;
  readonly front_end: number;
}

type Facts = Readonly<Record<string, unknown>>;

/** Milliseconds, of the facts of a run; 0 for a clock that it does not have. */
export function busyMs(facts: Facts): Busy {
  const {
    busy_ms = 0,
    host_busy_ms = 0,
    front_end_busy_ms = 0,
  } = facts as Readonly<Record<string, number | undefined>>;
  return { gpu: busy_ms, host: host_busy_ms, front_end: front_end_busy_ms };
}

/** Fractions of the run's time, over all replicas; 0 where it has no duration. */
export function busyFractions(facts: Facts, durationS: number | null | undefined, replicas: number): Busy {
  const { gpu, host, front_end } = busyMs(facts);
  const fraction = (ms: number): number => (typeof durationS === "number" ? ms / (1e3 * durationS * replicas) : 0);
  return { gpu: fraction(gpu), host: fraction(host), front_end: fraction(front_end) };
}

export function busiestClock(busy: Busy): keyof Busy {
  const clocks = ["gpu", "host", "front_end"] as const;
  return clocks.reduce((busiest, clock) => (busy[clock] > busy[busiest] ? clock : busiest));
}
