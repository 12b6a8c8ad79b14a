/** What there is to know before the figures of an experiment are trusted: each check with what it found, in a sentence. */
import { greatest, least, percent, requestCount, sharePercent, type Run } from "../../../formats/index.js";
import { columnsIn, median, minimumCount, quantileOf, type RunCapacity, type Summary } from "../../../sim/index.js";
import type { TrustCheck } from "../../../report/html/index.js";
import type { SummarisedCell } from "./cell-figures.js";
import { paceAbout, paceBeside } from "../pace.js";
import type { ExperimentResults } from "../results.js";

/** In the order in which doubts come up: the runs, the requests, the load, the simulation, the machine. */
export function trustChecks(
  { profile }: Pick<ExperimentResults, "profile">,
  cells: readonly SummarisedCell[],
): TrustCheck[] {
  return [
    realRuns(cells),
    failures(cells),
    lag(cells),
    rates(cells),
    warmUp(cells),
    percentiles(cells),
    littlesLaw(cells),
    utilisation(cells),
    extrapolation(cells),
    pace(cells),
    calibration(profile),
  ].flatMap((check) => check ?? []);
}

function realRuns(cells: readonly SummarisedCell[]): TrustCheck {
  const reals = realsOf(cells);
  const name = "Real runs";
  if (reals.length === 0) return unknown(name, "None. Every figure is a prediction.");
  const invalid = reals.filter(({ info }) => info.valid?.ok === false);
  const repeats = cells.filter(({ reals: own }) => own.length > 0).map(({ reals: own }) => own.length);
  const each =
    least(repeats) === greatest(repeats)
      ? `${repeats[0]!} of each cell`
      : `${least(repeats)} to ${greatest(repeats)} of each cell`;
  const single = least(repeats) === 1 ? " With one run of a cell it is not known how much a second would differ." : "";
  const disturbed = invalid.length === 0 ? ", none disturbed" : `; ${invalid.length} disturbed, see the warnings`;
  return check(name, invalid.length === 0 && single === "", `${reals.length}, ${each}${disturbed}.${single}`);
}

function failures(cells: readonly SummarisedCell[]): TrustCheck {
  const reals = cells.flatMap((cell) => cell.reals);
  const summaries = reals.length === 0 ? cells.flatMap(({ sims }) => sims) : reals;
  const failed = sum(summaries.map((one) => one.failed));
  const all = failed + sum(summaries.map(({ completed }) => completed));
  const what = reals.length === 0 ? "simulated requests" : "requests of the real runs";
  const text =
    failed === 0
      ? `All ${count(all)} ${what} were answered.`
      : `${count(failed)} of ${count(all)} ${what} got no answer and are in no latency.`;
  return check("Errors", failed === 0, text);
}

/** Most that the client may lag, as for valid runs. */
const MAX_LAG_MS = 5;

function lag(cells: readonly SummarisedCell[]): TrustCheck | undefined {
  const runs = realsOf(cells);
  if (runs.length === 0) return undefined;
  const name = "Lag of the client";
  const lags = runs.flatMap((run) => sendLagsP99Ms(run) ?? []);
  const loops = runs.flatMap(({ info }) => {
    const { p99 } = (info.event_loop_delay_ms ?? {}) as { p99?: number };
    return p99 ?? [];
  });
  if (lags.length + loops.length === 0) return unknown(name, "The runs do not say when requests were sent.");
  const atMost = (what: string, delaysMs: readonly number[]): string =>
    delaysMs.length === 0 ? "" : `P99 of the delay ${what}: at most ${greatest(delaysMs).toFixed(1)} ms. `;
  const text = atMost("between a request's time and its sending", lags) + atMost("of the client's event loop", loops);
  return check(name, greatest([...lags, ...loops]) <= MAX_LAG_MS, `${text}Up to ${MAX_LAG_MS} ms is fine.`);
}

/** Undefined where the run does not know when it sent its requests. */
function sendLagsP99Ms(run: Run): number | undefined {
  const { rows, sentNs, arrivalNs } = columnsIn(run);
  const lagsMs: number[] = [];
  for (let row = 0; row < rows; row++) {
    if (!Number.isNaN(sentNs[row]!)) lagsMs.push((sentNs[row]! - arrivalNs[row]!) / 1e6);
  }
  return lagsMs.length === 0 ? undefined : quantileOf(lagsMs, 0.99);
}

/** Arrivals of a Poisson load differ from its rate by less than this many standard deviations. */
const DEVIATIONS = 3;
/** Share of the arrival rate that must be finished. */
const KEPT_UP = 0.9;

function rates(cells: readonly SummarisedCell[]): TrustCheck | undefined {
  const open = cells.flatMap(({ cell, sims, reals }) => {
    const { request_rate: asked } = cell.sim.info.load;
    if (typeof asked !== "number" || !Number.isFinite(asked)) return [];
    const [run, own] = cell.real.length === 0 ? [cell.sim, sims] : [cell.real[0]!, reals];
    return [
      {
        load: cell.load,
        cell: cell.name,
        asked,
        arrived: arrivalRate(run),
        n: requestCount(run),
        finished: median(own.map(rateOf)),
      },
    ];
  });
  if (open.length === 0) return undefined;
  const loads = [...new Map(open.map((one) => [one.load, one])).values()];
  const off = loads.filter(({ asked, arrived, n }) => Math.abs(arrived / asked - 1) > DEVIATIONS / Math.sqrt(n));
  const behind = open.filter(({ arrived, finished }) => finished < KEPT_UP * arrived);
  const sent = loads
    .map(({ load, asked, arrived }) => `${load}: ${figure(asked)} requests/s asked, ${figure(arrived)} sent`)
    .join("; ");
  const finished =
    behind.length === 0
      ? "The servers finished requests as fast as they came"
      : `Finished more slowly than they came: ${behind.map(({ cell, finished: rate }) => `${cell} ${figure(rate)} requests/s`).join(", ")}`;
  return check("Rate achieved", off.length + behind.length === 0, `${sent}. ${finished}.`);
}

function rateOf({ request_throughput: rate }: Summary): number {
  return rate ?? Number.NaN;
}

function arrivalRate(run: Run): number {
  const { rows, arrivalNs } = columnsIn(run);
  return ((rows - 1) * 1e9) / (greatest(arrivalNs) - least(arrivalNs));
}

/** What is sent before a run, by the key that says how much. */
const warmUps: Readonly<Record<string, string>> = {
  warm_up_batches: "batches",
  warm_up_steps: "steps",
  num_warmups: "requests",
};

function warmUp(cells: readonly SummarisedCell[]): TrustCheck | undefined {
  const runs = realsOf(cells);
  if (runs.length === 0) return undefined;
  const name = "Warm-up";
  const counts = runs.map(({ info }) => {
    const said: Record<string, unknown> = { ...info.engine.settings, ...(info.client as object | undefined) };
    const found = Object.keys(warmUps).find((key) => typeof said[key] === "number");
    return found === undefined ? undefined : `${Number(said[found])} ${warmUps[found]!}`;
  });
  const known = [...new Set(counts.filter((one) => one !== undefined))];
  if (known.length === 0) return unknown(name, "The runs do not record a warm-up.");
  const missing = counts.filter((one) => one === undefined).length;
  return {
    name,
    state: missing === 0 ? "fine" : "unknown",
    text: `${known.join(" or ")} before the clock of each run starts, so that no start-up is inside${missing === 0 ? "" : `; ${missing} runs do not record it`}.`,
  };
}

const shownPercentiles = [50, 90, 95, 99] as const;

function percentiles(cells: readonly SummarisedCell[]): TrustCheck {
  const summaries = cells.map(({ sims, reals }) => reals[0] ?? sims[0]!);
  const smallest = least(summaries.map(({ completed }) => completed));
  const independent = least(summaries.map((one) => one.effective_n_e2el));
  const needed = shownPercentiles.map((p) => `P${p} ${minimumCount(p / 100)}`).join(", ");
  const isHidden = summaries.some(({ hidden_percentiles: hidden }) => hidden.includes("p95_e2el_ms"));
  const hidden = isHidden ? " Percentiles of too few are not shown; longer runs would show them." : "";
  return check(
    "Requests behind each percentile",
    !isHidden,
    `At least ${count(smallest)} in each run. They wait for each other, so for latencies they count like ${count(Math.round(independent))} independent ones (the fewest of any cell). A percentile takes at least: ${needed}.${hidden}`,
  );
}

/** How far from 1 Little's law may be. */
const LITTLE = 0.02;

function littlesLaw(cells: readonly SummarisedCell[]): TrustCheck {
  const ratios = cells.flatMap(({ sims, reals }) =>
    [...sims, ...reals].flatMap(({ littles_law_ratio: ratio }) => ratio ?? []),
  );
  const name = "Little's law";
  if (ratios.length === 0) return unknown(name, "The runs lack the times for it.");
  const isFine = ratios.every((ratio) => Math.abs(ratio - 1) <= LITTLE);
  const range = [...new Set([least(ratios), greatest(ratios)].map((ratio) => figure(ratio, 4)))].join(" to ");
  return check(
    name,
    isFine,
    `Mean concurrency over (throughput × mean latency) is ${range} in ${ratios.length} runs; it is 1 where times are complete.`,
  );
}

const boundWords: Readonly<Record<RunCapacity["bound_by"], string>> = {
  gpu: "the GPU, or what runs batches",
  host: "the host thread",
  front_end: "the front end",
  seats: "the number of requests at once",
  kv_blocks: "KV blocks",
  token_budget: "the token budget",
};

function utilisation(cells: readonly SummarisedCell[]): TrustCheck | undefined {
  const known = cells.flatMap(({ cell }) => {
    const capacity = cell.sim.info.capacity as RunCapacity | null | undefined;
    return capacity == null ? [] : [{ name: cell.name, capacity }];
  });
  if (known.length === 0) return undefined;
  const byBound = [...new Set(known.map(({ capacity }) => capacity.bound_by))].map((bound) => {
    const own = known.filter(({ capacity }) => capacity.bound_by === bound);
    const shares = own.map(({ name, capacity }) => `${name} ${percent(capacity.utilisation)}`);
    return `limited by ${boundWords[bound]}: ${shares.join(", ")}`;
  });
  const high = known.filter(({ capacity }) => capacity.verdict !== "below");
  const warning =
    high.length === 0 ? "" : " Near capacity and above it, runs differ a lot and latencies grow with the run.";
  const text = `Offered load over capacity, ${byBound.join("; ")}.${warning}`;
  return check("Utilisation, and what binds", high.length === 0, text);
}

/** Share of a run's time beyond the measured range that is worth a look. */
const MOST_BEYOND = 0.01;

function extrapolation(cells: readonly SummarisedCell[]): TrustCheck {
  const known = cells.flatMap(({ cell: { name, sim } }) => {
    const { extrapolation: of } = sim.info;
    return of === undefined ? [] : [{ name, of }];
  });
  const name = "Extrapolation";
  if (known.length === 0) return unknown(name, "The simulations do not say how far they left the measured range.");
  const worst = known.reduce((a, b) => (b.of.share > a.of.share ? b : a));
  if (worst.of.share === 0)
    return check(name, true, "None: every batch and step lies within what the calibration measured.");
  const quantities = worst.of.of
    .map(
      ({ quantity, asked, measured_to: to }) =>
        `${quantity.replaceAll("_", " ")} ${figure(asked)}, measured to ${figure(to)}`,
    )
    .join("; ");
  return check(
    name,
    worst.of.share <= MOST_BEYOND,
    `Up to ${sharePercent(worst.of.share)} of the time (${worst.name}) lies beyond what the calibration measured: ${quantities}.`,
  );
}

/** Changes of the machine that show in a comparison. */
const WORTH_TELLING = 0.05;

function pace(cells: readonly SummarisedCell[]): TrustCheck | undefined {
  const paces = realsOf(cells).flatMap((run) => paceAbout(run) ?? []);
  if (paces.length === 0) return undefined;
  const before = paces.map((one) => one.before);
  const changes = paces.map((one) => paceBeside(one) / one.before - 1);
  const most = greatest(changes.map(Math.abs));
  return check(
    "Pace of the machine",
    most <= WORTH_TELLING,
    `Before each real run a reference took ${figure(least(before))} to ${figure(greatest(before))} times as long as in the calibration, and the ` +
      `run is predicted at that pace. While a run went on, the pace changed by up to ${percent(most, 1)}, which no prediction knows.`,
  );
}

/** P90 error of a calibration that is worth a look. */
const MOST_ERROR = 0.1;

function calibration({ held_out, fit }: ExperimentResults["profile"]): TrustCheck {
  const score = held_out?.batch ?? fit?.batch;
  const name = "Calibration";
  if (score === undefined) return unknown(name, "The profile does not record how well it fits.");
  const where = held_out?.batch === undefined ? "of the fit" : "kept out of the fit";
  return check(
    name,
    score.p90_ape <= MOST_ERROR,
    `Costs of ${score.points} shapes ${where} are off by ${percent(score.median_ape, 1)} in the median and ${percent(score.p90_ape, 1)} at P90.`,
  );
}

function check(name: string, isFine: boolean, text: string): TrustCheck {
  return { name, state: isFine ? "fine" : "look", text };
}

function unknown(name: string, text: string): TrustCheck {
  return { name, state: "unknown", text };
}

function realsOf(cells: readonly SummarisedCell[]): Run[] {
  return cells.flatMap(({ cell }) => cell.real);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function figure(value: number, digits = 3): string {
  return Number(value.toPrecision(digits)).toLocaleString("en-US", { maximumFractionDigits: 6 });
}
