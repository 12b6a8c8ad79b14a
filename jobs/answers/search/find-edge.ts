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

/** What a run found. */
export interface Judged {
  /** Above 1: a goal is missed. */
  readonly worst: { readonly ratio: number };
}

export interface Edge<Found> {
  /** 0: even the least misses its goals. */
  readonly at: number;
  /** Even the most meets its goals, so that `at` is the most. */
  readonly isOpen: boolean;
  /** The lowest number found to miss the goals. */
  readonly missed: Found | undefined;
  readonly runs: number;
}

interface Side<Found> {
  readonly x: number;
  /** Logarithm of the ratio. */
  readonly y: number;
  readonly found: Found;
}

const GROWTH = 1.5;

/** `evaluate`: what a run at that number found. */
export function findEdge<Found extends Judged>(evaluate: (x: number) => Found, options: EdgeOptions): Edge<Found> {
  const { least, most, tolerance, isWhole = false } = options;
  const place = (x: number): number => {
    const inside = Math.min(most, Math.max(least, x));
    return isWhole ? Math.round(inside) : inside;
  };
  let runs = 0;
  let bracket: { readonly met?: Side<Found>; readonly missed?: Side<Found> } = {};
  const look = (x: number): typeof bracket => {
    runs++;
    const found = evaluate(x);
    const side = { x, found, y: Math.log(Math.max(found.worst.ratio, 1e-6)) };
    return { ...bracket, [side.y <= 0 ? "met" : "missed"]: side };
  };
  for (let x = place(options.start), { step } = options; ; step **= GROWTH) {
    bracket = look(x);
    const { met, missed } = bracket;
    if (met !== undefined && missed !== undefined) break;
    const next = place(met === undefined ? x / step : x * step);
    // Between neighbouring whole numbers a small step goes nowhere.
    const beyond = next === x && isWhole ? place(met === undefined ? x - 1 : x + 1) : next;
    if (beyond === x) return { at: met?.x ?? 0, isOpen: met !== undefined, missed: missed?.found, runs };
    x = beyond;
  }
  for (;;) {
    const [met, missed] = [bracket.met!, bracket.missed!];
    const isNarrow = isWhole ? Math.abs(missed.x - met.x) <= 1 : Math.abs(missed.x / met.x - 1) <= tolerance;
    if (isNarrow) return { at: isWhole ? met.x : crossing(met, missed), isOpen: false, missed: missed.found, runs };
    bracket = look(isWhole ? Math.round((met.x + missed.x) / 2) : Math.sqrt(met.x * missed.x));
  }
}

/** Where a line through both ends is zero, on logarithms. */
function crossing(met: Side<unknown>, missed: Side<unknown>): number {
  const share = met.y === missed.y ? 0.5 : -met.y / (missed.y - met.y);
  return met.x * (missed.x / met.x) ** share;
}
