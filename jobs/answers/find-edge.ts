/**
 * The place along a number where a run stops meeting its goals: a bracket is grown from a first guess, then halved, and the
 * place within it is where a line through its ends is zero; all on the logarithms of the number and of the worst goal's ratio
 * to its limit. Near the edge latencies curve so much that halving takes fewer runs than following the line.
 */

export interface EdgeOptions {
  /** Where the edge may be. */
  readonly start: number;
  /** First factor between neighbouring guesses; its logarithm grows by half from one to the next. */
  readonly step: number;
  /** Relative width of the bracket that is narrow enough. */
  readonly tolerance: number;
  readonly least: number;
  readonly most: number;
  /** Only whole numbers exist: the edge is the last that meets the goals. */
  readonly isWhole?: boolean;
}

export interface Edge<Found> {
  /** 0: even the least misses its goals. */
  readonly at: number;
  /** Even the most meets its goals, so that `at` is the most. */
  readonly isOpen: boolean;
  /** The last that met its goals and the first that missed them. */
  readonly met: Found | undefined;
  readonly missed: Found | undefined;
  readonly runs: number;
}

const GROWTH = 1.5;

/** `evaluate`: what a run at that number found, with the worst ratio, above 1 where a goal is missed. */
export function findEdge<Found extends { readonly ratio: number }>(
  evaluate: (x: number) => Found,
  options: EdgeOptions,
): Edge<Found> {
  const { least, most, tolerance, isWhole = false } = options;
  const place = (x: number): number => {
    const inside = Math.min(most, Math.max(least, x));
    return isWhole ? Math.round(inside) : inside;
  };
  let runs = 0;
  const look = (x: number): Side<Found> => {
    runs++;
    const found = evaluate(x);
    return { x, found, y: Math.log(Math.max(found.ratio, 1e-6)) };
  };
  let met: Side<Found> | undefined;
  let missed: Side<Found> | undefined;
  for (let x = place(options.start), { step } = options; ; step **= GROWTH) {
    const side = look(x);
    if (side.y <= 0) met = side;
    else missed = side;
    if (met !== undefined && missed !== undefined) break;
    const next = place(met === undefined ? x / step : x * step);
    const isStuck = next === x;
    // Between neighbouring whole numbers a small step goes nowhere.
    const beyond = isStuck && isWhole ? place(met === undefined ? x - 1 : x + 1) : next;
    if (beyond === x)
      return { at: met?.x ?? 0, isOpen: met !== undefined, met: met?.found, missed: missed?.found, runs };
    x = beyond;
  }
  while (!isNarrow(met, missed, tolerance, isWhole)) {
    const side = look(isWhole ? Math.round((met.x + missed.x) / 2) : Math.sqrt(met.x * missed.x));
    if (side.y <= 0) met = side;
    else missed = side;
  }
  return { at: isWhole ? met.x : crossing(met, missed), isOpen: false, met: met.found, missed: missed.found, runs };
}

interface Side<Found> {
  readonly x: number;
  readonly y: number;
  readonly found: Found;
}

function isNarrow(met: Side<unknown>, missed: Side<unknown>, tolerance: number, isWhole: boolean): boolean {
  return isWhole ? Math.abs(missed.x - met.x) <= 1 : Math.abs(missed.x / met.x - 1) <= tolerance;
}

/** Where a line through both ends is zero, on logarithms. */
function crossing(met: Side<unknown>, missed: Side<unknown>): number {
  const share = met.y === missed.y ? 0.5 : -met.y / (missed.y - met.y);
  return met.x * (missed.x / met.x) ** share;
}
