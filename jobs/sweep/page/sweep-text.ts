/** The answer of a sweep in sentences made from its table: who wins where, by how much, and whether to believe it. */
import { greatest, least, listed, percent } from "../../../formats/index.js";
import type { ReportAnswer } from "../../../report/html/index.js";
import { nameOf, type Contest, type Contestant } from "./contests.js";
import type { SweepStatus } from "../status.js";

/** Places, and settings that are equally good, that a sentence names; more are counted. */
const MOST_NAMED = 4;
const MOST_EQUAL = 3;

/** `contests`: by mean latency; none: no cell has one. */
export function sweepText(contests: readonly Contest[], status: SweepStatus): ReportAnswer {
  return {
    headline: headlineOf(contests),
    paragraphs: [leadText(contests), orderText(contests), aboveText(contests), stateText(status)].filter(Boolean),
  };
}

function headlineOf(contests: readonly Contest[]): string {
  if (contests.length === 0) return "No cell of this sweep has a mean latency yet.";
  if (contests.every(({ ranked }) => ranked.length === 1)) return alone(contests);
  const served = contests.filter(({ ranked }) => !ranked[0]!.isAbove);
  if (served.length === 0) return "Nothing that was tried keeps up anywhere.";
  const won = served.filter(({ next, ranked }) => next !== undefined || ranked.length === 1);
  const winners = [...new Set(won.map(winnersOf))]
    .map((name) => ({ name, at: won.filter((contest) => winnersOf(contest) === name) }))
    .sort((a, b) => b.at.length - a.at.length || a.at[0]!.first.length - b.at[0]!.first.length);
  const wins = winners.map(({ name, at }, index) => {
    const verb = winnersAreMany(at[0]!) ? "answer" : "answers";
    return `${name} ${index === 0 ? `${verb} fastest ` : ""}${where(at, contests.length)}`.trim();
  });
  const tied = served.filter((contest) => !won.includes(contest));
  const beyond = contests.filter(({ ranked }) => ranked[0]!.isAbove);
  const sentences = [
    ...(wins.length === 0 ? [] : [`${listed(wins)}.`]),
    ...(tied.length === 0 ? [] : [tiedText(tied, contests.length)]),
    ...(beyond.length === 0 ? [] : [`Nothing keeps up ${where(beyond, contests.length)}.`]),
  ];
  return sentences.join(" ").replace(/^anything/, "Anything");
}

/** Those that are equally good, as one. */
function winnersOf({ first, ranked }: Contest): string {
  const name = nameOf(first, ranked);
  const isOne = first.length <= MOST_EQUAL || !name.includes(" and ");
  return isOne ? name : `${first[0]!.name} or one of ${first.length - 1} others`;
}

/** Several that have no name in common. */
function winnersAreMany({ first, ranked }: Contest): boolean {
  return (
    first.length > 1 && first.length <= MOST_EQUAL && nameOf(first, ranked) === listed(first.map(({ name }) => name))
  );
}

/** With one setting there is nothing to win. */
function alone(contests: readonly Contest[]): string {
  const sorted = [...contests].sort((a, b) => a.ranked[0]!.value - b.ranked[0]!.value);
  const [first, last] = [sorted[0]!, sorted.at(-1)!];
  const text = ({ place, ranked }: Contest): string => `${ms(ranked[0]!.value)}${place === "" ? "" : ` (${place})`}`;
  const range = first === last ? `in ${text(first)}` : `in ${text(first)} to ${text(last)}`;
  return `${first.ranked[0]!.name} answers ${range} on average.`;
}

/** `in both places`, `at 8 requests/s and 16 requests/s`, `in 7 of 12 places`. */
function where(at: readonly Contest[], places: number): string {
  if (at.length === places) return ["", "", "in both places"][places] ?? `in all ${places} places`;
  if (at.length > MOST_NAMED) return `in ${at.length} of ${places} places`;
  return `at ${listed(at.map(({ place }) => place))}`;
}

function tiedText(tied: readonly Contest[], places: number): string {
  const counts = [...new Set(tied.map(({ ranked }) => ranked.length))];
  const all = counts.length === 1 ? (counts[0] === 2 ? "both settings" : `all ${counts[0]!} settings`) : "all settings";
  const at = where(tied, places);
  if (at === "") return `${all[0]!.toUpperCase()}${all.slice(1)} are too close to tell apart.`;
  return `${at[0]!.toUpperCase()}${at.slice(1)}, ${all} are too close to tell apart.`;
}

function leadText(contests: readonly Contest[]): string {
  const led = contests.filter(({ next, ranked }) => next !== undefined && !next.isAbove && !ranked[0]!.isAbove);
  if (led.length === 0) return "";
  const leads = led.map(({ lead }) => lead!);
  const [low, high] = [percent(least(leads)), percent(greatest(leads))];
  const best = led.reduce((a, b) => (b.lead! > a.lead! ? b : a));
  const range = low === high ? low : `${low} to ${high}`;
  const at = best.place === "" || (led.length === 1 && contests.length === 1) ? "" : ` at ${best.place}`;
  const largest = `${named(best.ranked[0]!)} against ${named(best.next!)}${at}`;
  return `The best answers ${range} sooner than the next that can be told from it${led.length === 1 ? `: ${largest}` : `; most so with ${largest}`}.`;
}

function named({ name, value }: Contestant): string {
  return `${name} (${ms(value)})`;
}

/** Whether the order can be believed. */
function orderText(contests: readonly Contest[]): string {
  const contested = contests.filter(({ ranked }) => ranked.length > 1);
  if (contested.length === 0) return "These are predictions: nothing was run for real.";
  const order = "The order is a prediction: nothing was run for real.";
  const unknown = contested.filter(({ isKnown }) => !isKnown).length;
  if (unknown === contested.length)
    return `${order} How much runs differ is not known, so neither is whether it is chance.`;
  const single = contested.filter(({ first }) => first.length === 1).length;
  const apart =
    "Settings count as too close to tell apart where the intervals that hold 9 of 10 runs have values in common";
  return `${order} ${apart}; in ${single} of ${contested.length} places one setting is ahead of all others by more than that.`;
}

function aboveText(contests: readonly Contest[]): string {
  const all = contests.flatMap(({ ranked }) => ranked);
  const above = all.filter(({ isAbove }) => isAbove).length;
  if (above === 0) return "";
  return `${above} of ${all.length} combinations get more than they can serve: their latencies grow with the run, and they are ranked last.`;
}

function stateText({ cells, finished, left, failedCount, impossibleCount }: SweepStatus): string {
  const more = [
    ...(left > 0 ? [`${left} are not simulated yet`] : []),
    ...(failedCount > 0 ? [`${failedCount} failed`] : []),
    ...(impossibleCount > 0 ? [`${impossibleCount} cannot be simulated`] : []),
  ];
  if (more.length === 0) return `All ${cells.toLocaleString("en-US")} cells are finished.`;
  return `${finished.toLocaleString("en-US")} of ${cells.toLocaleString("en-US")} cells are finished; ${listed(more)}.`;
}

/** Three digits, seconds from 10 s on. */
export function ms(value: number): string {
  const [shown, unit] = value >= 10_000 ? [value / 1000, "s"] : [value, "ms"];
  const digits = shown >= 100 ? 0 : shown >= 10 ? 1 : 2;
  return `${shown.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })} ${unit}`;
}
