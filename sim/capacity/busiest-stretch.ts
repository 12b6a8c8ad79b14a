/**
 * The stretch of a load that brings the most work. It is at least ten times as long as a request is in service with the
 * server full: so long, a tenth more than capacity makes a request wait for as long as it is served. Where the load
 * comes by chance, some stretch always brings more than another. Then the one is looked for that surely brings most:
 * whose work less what chance may add to it is most, and more than at a constant rate.
 */
/** Length of the shortest stretches, in times of service; and the requests that come in one on average, at least. */
const SERVICES = 10;
const MIN_REQUESTS = 100;
/** From one length of stretches to the next. */
const LONGER = Math.SQRT2;
/** Parts of a shortest stretch, whose work is compared with that of the next to show how much chance makes it vary. */
const PARTS = 10;
/** Chance that a constant rate is taken for one that varies. */
const FALSE_ALARM = 0.005;

/** A stretch of a load. Times in s since the start of the run. */
export interface Stretch {
  readonly from_s: number;
  readonly to_s: number;
  readonly offered_requests_per_s: number;
  /** Seconds of a full server that its requests take, per second. */
  readonly utilisation: number;
}

export interface Timeline {
  /** Arrivals, ascending, and the seconds of a full server that each takes. */
  readonly timesS: Float64Array;
  readonly worksS: Float64Array;
  /** Whether the times are those of one draw. */
  readonly isByChance: boolean;
}

/** Undefined where the load is as short as a stretch, or does not visibly vary. */
export function busiestStretch(timeline: Timeline, serviceS: number): Stretch | undefined {
  const { timesS, worksS, isByChance } = timeline;
  const spanS = timesS.at(-1)! - timesS[0]!;
  const shortestS = Math.max(SERVICES * serviceS, (MIN_REQUESTS * spanS) / timesS.length);
  if (shortestS >= spanS) return undefined;
  const chancePerRootS = isByChance ? margin(spanS / shortestS) * chanceOf(timeline, shortestS / PARTS) : 0;
  let best = { from: 0, to: 0, workS: 0, lengthS: shortestS, surely: -Infinity };
  for (let lengthS = shortestS; lengthS < spanS; lengthS *= LONGER) {
    const found = heaviest(timeline, lengthS);
    const surely = found.workS / lengthS - chancePerRootS / Math.sqrt(lengthS);
    if (surely > best.surely) best = { ...found, lengthS, surely };
  }
  const { from, to, workS, lengthS, surely } = best;
  const mean = (worksS.reduce((sum, work) => sum + work, 0) - worksS.at(-1)!) / spanS;
  if (surely <= mean * (1 + 1e-9)) return undefined;
  return {
    from_s: timesS[from]!,
    to_s: timesS[from]! + lengthS,
    offered_requests_per_s: (to - from) / lengthS,
    utilisation: workS / lengthS,
  };
}

/** The stretch, from one arrival on and within the load, in which most work comes: arrivals `from` to before `to`. */
function heaviest({ timesS, worksS }: Timeline, lengthS: number): { from: number; to: number; workS: number } {
  const lastS = timesS.at(-1)!;
  let best = { from: 0, to: 0, workS: -Infinity };
  let workS = 0;
  let to = 0;
  for (let from = 0; from < timesS.length && timesS[from]! + lengthS <= lastS; from++) {
    while (to < timesS.length && timesS[to]! < timesS[from]! + lengthS) workS += worksS[to++]!;
    // Begins with an arrival, which by itself says nothing of the rate: half of it counts.
    const counted = workS - worksS[from]! / 2;
    if (counted > best.workS) best = { from, to, workS: counted };
    workS -= worksS[from]!;
  }
  return best;
}

/**
 * Standard deviations within which the most of all stretches lies at a constant rate; they overlap, so five times as
 * many count.
 */
function margin(stretches: number): number {
  return Math.sqrt(2 * Math.log((5 * stretches) / FALSE_ALARM));
}

/**
 * Standard deviation of the work that comes in a second, by chance: from the differences between neighbouring parts, in
 * which a rate that changes more slowly than that leaves no trace (von Neumann, 1941).
 */
function chanceOf({ timesS, worksS }: Timeline, partS: number): number {
  const firstS = timesS[0]!;
  const parts = new Float64Array(Math.floor((timesS.at(-1)! - firstS) / partS));
  for (let at = 0; at < timesS.length; at++) {
    const part = Math.floor((timesS[at]! - firstS) / partS);
    if (part < parts.length) parts[part] = parts[part]! + worksS[at]!;
  }
  let squares = 0;
  for (let at = 1; at < parts.length; at++) squares += (parts[at]! - parts[at - 1]!) ** 2;
  return Math.sqrt(squares / (2 * (parts.length - 1)) / partS);
}
