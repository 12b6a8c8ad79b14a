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
  latency_over_load:
    "The answer is where the line leaves the region within the limit; in the grey band it depends on the day.",
  where_the_time_went: "Each bar is a statistic of the run; its parts add up to it.",
  before_and_after: "Left of zero the statistic falls, right of it it grows; a bar that holds zero does not tell.",
  best_settings: "Each point is a combination of settings; no other that was tried is better.",
  replicas_over_time: "The fewest replicas of each window, beside the fixed number and the autoscaler.",
  parity: "Each point is one request: on the line the simulation was right, in the band within 10 %.",
};

/** A caption for a chart; its name in words where it is not one of ours. */
export function captionOf(chartName: string): string {
  return Object.hasOwn(captions, chartName) ? captions[chartName]! : `${chartName.replaceAll("_", " ")}.`;
}
