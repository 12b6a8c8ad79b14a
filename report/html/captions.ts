/** What to look for in each chart of report/charts. */

const captions: Readonly<Record<string, string>> = {
  ttft_bar_chart: "Mean time to first token of each policy under each load.",
  throughput_bar_chart: "Output tokens per second as one request sees them, averaged over the requests.",
  total_latency_bar_chart: "The latencies of all requests of a run added up; it grows with the number of requests.",
  ttft_line_chart: "How the wait for the first token grows with the load.",
  throughput_line_chart: "How the speed that one request sees changes with the load.",
  latency_boxplot: "How far latencies spread within a run: the box holds the middle half of the requests.",
  latency_percentiles: "The slow end of the latencies; a percentile of too few requests is not shown.",
  latency_cdf: "For any latency target, the share of requests that met it; further left is faster.",
  latency_ccdf:
    "The slow end of each latency: at 1 % stands P99, at 0.1 % P99.9; a line that reaches far right has a long tail.",
  qq: "Each point is a percentile of one policy under one load: on the line, both have the same distribution.",
  error_by_percentile: "Where in the distribution the simulation errs: above zero it is slower than the real runs.",
  residual_over_load: "Whether the error grows when the server is busy: a level line says that it does not.",
  time_series: "What happened when: where the waiting line climbs, requests come faster than they are served.",
  batch_gantt:
    "What the machine computed: each box is a pass, as wide as it took and as high as its tokens; gaps are idle time.",
  request_lanes: "The way of single requests: grey is waiting, full colour the prompt, light colour the answer.",
  dynamic_batches: "How dynamic sizes its batches: below the threshold of memory they may grow, at it they shrink.",
  seeds: "Each dot is one run: filled dots among the hollow ones mean that the simulation covers what was measured.",
  latency_over_load:
    "The answer is where the line leaves the region within the limit; in the grey band it depends on the day.",
  where_the_time_went: "Each bar is a statistic of the run; its parts add up to it.",
  before_and_after: "Left of zero the statistic falls, right of it it grows; a bar that holds zero does not tell.",
  best_settings: "Each point is a combination of settings; no other that was tried is better.",
  replicas_over_time: "The fewest replicas of each window, beside the fixed number and the autoscaler.",
  sweep:
    "Each line is a setting, each point a cell; its bar holds 9 of 10 runs. Bars that do not overlap tell two settings apart.",
  parity: "Each point is one request: on the line the simulation was right, in the band within 10 %.",
};

/** A caption for a chart; its name in words where it is not one of ours. */
export function captionOf(chartName: string): string {
  // A chart of one load is named after it: `time_series-poisson`.
  const [first = chartName, ...load] = chartName.split("-");
  // Several of a kind are numbered: `sweep_2`.
  const kind = first.replace(/_\d+$/, "");
  const own = Object.hasOwn(captions, kind) ? captions[kind]! : `${kind.replaceAll("_", " ")}.`;
  return load.length === 0 ? own : `Load ${load.join("-")}. ${own}`;
}
