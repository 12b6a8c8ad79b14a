/** The answer of an experiment in sentences made from its figures: who wins where, by how much, whether to believe it. */
import { greatest, least, listed, percent, type FitScore, type Profile } from "../../../formats/index.js";
import { tallyOf, type StatisticComparison } from "../../../report/compare/index.js";
import type { ReportAnswer } from "../../../report/html/index.js";
import { realOf, valueOf, type Lead, type Ranking } from "./ranking.js";
import type { ComparedMetric, Figure } from "./cell-figures.js";

/** The page's first words. `ranked`: by mean latency. */
export function answerOf(ranked: readonly Ranking[], profile: Pick<Profile, "held_out">): ReportAnswer {
  return {
    headline: headlineOf(ranked),
    paragraphs: [orderText(ranked), figuresText(ranked, profile)].filter(Boolean),
  };
}

/** `vllm answers fastest under both loads.` */
function headlineOf(ranked: readonly Ranking[]): string {
  const contested = ranked.filter(({ leads }) => leads.length > 0);
  if (contested.length === 0) return alone(ranked);
  const clear = contested.filter(({ leads }) => leads[0]!.isClear !== false);
  const open = contested.filter(({ leads }) => leads[0]!.isClear === false);
  const winners = [...new Set(clear.map(winnerOf))];
  const wins = winners.map((policy, index) => {
    const own = clear.filter((ranking) => winnerOf(ranking) === policy);
    const where =
      own.length === ranked.length ? everywhere(ranked.length) : `under ${listed(own.map(({ load }) => load))}`;
    return [policy, ...(index === 0 ? ["answers fastest"] : []), where].filter(Boolean).join(" ");
  });
  const ties = open.map(({ load, figures }) => {
    const [first, second] = figures.map(({ cell }) => cell.policy);
    return `Under ${load}, ${first!} and ${second!} are too close to tell apart.`;
  });
  return [...(wins.length === 0 ? [] : [`${listed(wins)}.`]), ...ties].join(" ");
}

function winnerOf({ figures }: Ranking): string {
  return figures[0]!.cell.policy;
}

/** With a single policy there is nothing to win. */
function alone(ranked: readonly Ranking[]): string {
  const parts = ranked.map(({ load, figures, basis }) => `${msText(valueOf(figures[0]!, basis))} under ${load}`);
  return `${ranked[0]!.figures[0]!.cell.policy} answers in ${listed(parts)} on average.`;
}

function everywhere(loads: number): string {
  if (loads === 1) return "";
  return loads === 2 ? "under both loads" : `under all ${loads} loads`;
}

/** Of one load: `vllm answers in 181 ms on average, 35 % sooner than naive and 45 % sooner than dynamic.` */
export function statementOf(ranking: Ranking, metric: ComparedMetric): string {
  const { figures, leads, basis } = ranking;
  const [best] = figures;
  const value = `${metric.name.toLowerCase()} ${valueText(valueOf(best!, basis), metric.unit)}${basis === "real" ? "" : ", simulated"}`;
  if (best!.isAbove) return `Every policy gets more than it can serve: latencies grow with the run.`;
  if (leads.length === 0) return `${best!.cell.policy}: ${value}.`;
  const [nearest] = leads;
  if (nearest!.isClear === false && !nearest!.over.isAbove) {
    return `${best!.cell.policy} and ${nearest!.over.cell.policy} cannot be told apart: ${value} and ${valueText(valueOf(nearest!.over, basis), metric.unit)}, and chance alone makes such a difference.`;
  }
  return `${best!.cell.policy} is best: ${value}, ${listed(leads.map((lead) => leadText(lead, metric)))}${doubtOf(nearest!)}.`;
}

function leadText({ over, fraction, interval }: Lead, { better }: ComparedMetric): string {
  const { policy } = over.cell;
  if (over.isAbove) return `while ${policy} cannot keep up with this load`;
  const range = interval === undefined ? "" : ` (${rangeText(interval)})`;
  const chance = interval !== undefined && interval[0] <= 0 ? ", which chance alone may make" : "";
  return `${percent(fraction)}${range} ${better === "less" ? "less" : "more"} than ${policy}${chance}`;
}

function rangeText([low, high]: readonly [number, number]): string {
  return `${Math.round(100 * low)} to ${Math.round(100 * high)} %`.replaceAll("-", "−");
}

function doubtOf({ isClear }: Lead): string {
  return isClear === null ? "; how much runs differ is not known" : "";
}

/** Whether the winner can be believed. */
function orderText(ranked: readonly Ranking[]): string {
  const contested = ranked.filter(({ leads }) => leads.length > 0);
  const real = contested.filter(({ basis }) => basis === "real");
  if (contested.length === 0) return "";
  if (real.length === 0) {
    const isClear = contested.every(({ leads }) => leads[0]!.isClear === true);
    return (
      "The order is a prediction: nothing was run for real. " +
      (isClear
        ? "The intervals of the first two do not overlap under any load."
        : "Where intervals overlap, the order depends on the run.")
    );
  }
  const same = real.filter(({ figures, simulatedBest }) => figures[0]!.cell.name === simulatedBest!.cell.name);
  const clear = real.filter(({ leads }) => leads[0]!.isClear === true);
  const repeats = greatest(real.flatMap(({ figures }) => figures.map(({ reals }) => reals.length)));
  const simulated =
    same.length === real.length
      ? `The simulation names the same winner${real.length === 1 ? "" : ` under ${real.length === 2 ? "both loads" : "every load"}`}`
      : `The simulation names the same winner under ${same.length} of ${real.length} loads`;
  const measured =
    clear.length === real.length
      ? `the lead in the real runs is larger than chance makes between ${repeats} repeats`
      : `the lead in the real runs is larger than chance makes under ${clear.length} of ${real.length} loads`;
  const verdict =
    same.length === real.length && clear.length === real.length
      ? "The winner can be believed"
      : "The winner is not certain everywhere";
  return `${verdict}. ${simulated}, and ${measured}.`;
}

/** Whether single figures can be believed. */
function figuresText(ranked: readonly Ranking[], { held_out }: Pick<Profile, "held_out">): string {
  const figures = ranked.flatMap(({ figures: own }) => own);
  const compared = figures.flatMap((figure) =>
    figure.compared?.error_fraction == null ? [] : [{ figure, compared: figure.compared }],
  );
  if (compared.length === 0) return heldOutText(held_out?.batch);
  const { agrees, differs, "cannot tell": open } = tallyOf(compared.map((one) => one.compared));
  const worst = compared.reduce((a, b) => (sizeOf(b.compared) > sizeOf(a.compared) ? b : a));
  const tolerance = percent(worst.compared.tolerance_fraction);
  const simulatedOnly = figures.length - compared.length;
  return [
    believeText({ agrees, differs, open, tolerance }),
    `The largest error of a mean latency is ${signedText(worst.compared.error_fraction!)} (${worst.figure.cell.name})${repeatsText(compared.map(({ figure }) => figure))}.`,
    ...(simulatedOnly > 0 ? [`${simulatedOnly} of ${figures.length} cells are simulated only.`] : []),
  ].join(" ");
}

function believeText({
  agrees,
  differs,
  open,
  tolerance,
}: Record<"agrees" | "differs" | "open", number> & { tolerance: string }): string {
  const all = agrees + differs + open;
  const rest = open > 0 ? `; for ${open} the runs differ too much to tell` : "";
  if (agrees === all) return `Each of the ${all} mean latencies agrees with the real one within ${tolerance}.`;
  if (differs > 0) {
    return `Single figures need care: of ${all} simulated mean latencies ${differs} ${differs === 1 ? "differs" : "differ"} from the real one by more than ${tolerance}, ${agrees} ${agrees === 1 ? "agrees" : "agree"}${rest}.`;
  }
  if (agrees === 0) {
    return `Single figures are not settled: whether a simulated mean latency is within ${tolerance} of the real one cannot be told in any of ${all} cells, because the runs differ too much.`;
  }
  return `Of ${all} simulated mean latencies ${agrees} ${agrees === 1 ? "agrees" : "agree"} with the real one within ${tolerance}, none differs${rest}.`;
}

/** How much identical real runs differ, which no simulation can predict. */
function repeatsText(figures: readonly Figure[]): string {
  const spreads = figures
    .filter(({ reals }) => reals.length > 1)
    .map((figure) => (greatest(figure.reals) - least(figure.reals)) / realOf(figure));
  return spreads.length === 0 ? "" : `; identical real runs differ by up to ${percent(greatest(spreads))}`;
}

function heldOutText(score: FitScore | undefined): string {
  const known =
    score === undefined
      ? ""
      : ` On shapes kept out of the calibration, costs are off by ${percent(score.median_ape, 1)} in the median.`;
  return `Nothing was run for real, so the figures are predictions.${known} Set num_runs in the experiment to check them.`;
}

function sizeOf({ error_fraction }: StatisticComparison): number {
  return Math.abs(error_fraction ?? 0);
}

function signedText(fraction: number): string {
  return `${fraction < 0 ? "−" : "+"}${percent(Math.abs(fraction), 1)}`;
}

function msText(ms: number): string {
  return valueText(ms, "ms");
}

/** Three digits, seconds from 10 s on. */
function valueText(value: number, unit: string): string {
  if (unit === "ms" && value >= 10_000) return valueText(value / 1000, "s");
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })} ${unit}`;
}
