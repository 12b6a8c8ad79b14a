/**
 * Events of the Trace Event Format, which Perfetto and chrome://tracing read: JSON, times in µs. Of its phases: X slice of a thread,
 * b and e begin and end of an async slice (nested by cat and id), s and f the ends of a flow arrow, C counter, M name.
 */
interface Placed {
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly name: string;
  readonly cat: string;
}

export type Args = Readonly<Record<string, string | number>>;

export type TraceEvent =
  | (Placed & { readonly ph: "X"; readonly dur: number; readonly args?: Args })
  | (Placed & { readonly ph: "b" | "e"; readonly id: string; readonly args?: Args })
  | (Placed & { readonly ph: "s"; readonly id: string })
  /** bp e: the arrow ends at the slice around it. */
  | (Placed & { readonly ph: "f"; readonly id: string; readonly bp: "e" })
  | (Placed & { readonly ph: "C"; readonly args: Args })
  | NameEvent;

export interface NameEvent {
  readonly ph: "M";
  readonly pid: number;
  readonly tid: number;
  readonly name: "process_name" | "process_sort_index" | "thread_name" | "thread_sort_index";
  readonly args: Args;
}

/** Times are whole ns, so three decimals are exact. */
export function microseconds(ns: number): number {
  return Math.round(ns) / 1e3;
}

/** A slice from one instant to another, ns. */
export function slice(
  place: { readonly pid: number; readonly tid: number; readonly cat: string },
  {
    name,
    startNs,
    endNs,
    args,
  }: { readonly name: string; readonly startNs: number; readonly endNs: number; readonly args?: Args },
): TraceEvent {
  // The difference of whole ns: that of two µs would be off by a rounding.
  const dur = microseconds(Math.round(endNs) - Math.round(startNs));
  return { ...place, ph: "X", name, ts: microseconds(startNs), dur, ...(args === undefined ? {} : { args }) };
}

export function processName(pid: number, name: string): NameEvent[] {
  return [
    { ph: "M", pid, tid: 0, name: "process_name", args: { name } },
    { ph: "M", pid, tid: 0, name: "process_sort_index", args: { sort_index: pid } },
  ];
}

export function threadName(pid: number, tid: number, name: string): NameEvent[] {
  return [
    { ph: "M", pid, tid, name: "thread_name", args: { name } },
    { ph: "M", pid, tid, name: "thread_sort_index", args: { sort_index: tid } },
  ];
}
