/** P90 of the time to first token against the rate, from shorter runs: where each policy's knee is, and where this load is. */
import { line, max as greatest, min as least, scaleLog } from "d3";
import { comparedPolicies, sweepRates } from "../model/index.js";
import type { SweepPoint } from "../worker/index.js";
import { chartIn, drawAxes, drawEndNames } from "./chart.js";
import { duration, figure } from "./figures.js";

type Known = SweepPoint & { readonly p90TtftMs: number };

export function drawRates(host: HTMLElement, points: readonly SweepPoint[], ratePerS: number): void {
  const known = points.filter((point): point is Known => point.p90TtftMs !== undefined && point.p90TtftMs > 0);
  const frame = chartIn(host, {
    label: "P90 of the time to first token against the request rate, by policy",
    height: 250,
  });
  if (known.length === 0) return;
  const rates = sweepRates(ratePerS);
  const latencies = known.map(({ p90TtftMs }) => p90TtftMs);
  const x = scaleLog([rates[0]!, rates.at(-1)!], [0, frame.width]);
  const y = scaleLog([least(latencies)! * 0.8, greatest(latencies)! * 1.25], [frame.height, 0]);
  drawAxes(frame, { x, y, xTitle: "requests/s", xText: (value) => figure(value), yText: duration });
  const here = frame.sheet
    .append("g")
    .attr("class", "here")
    .attr("transform", `translate(${x(ratePerS)},0)`);
  here.append("line").attr("y2", frame.height);
  here.append("text").attr("y", -6).attr("text-anchor", "middle").text("this load");
  const draw = line<Known>(
    (point) => x(point.ratePerS),
    ({ p90TtftMs }) => y(p90TtftMs),
  );
  const ends = comparedPolicies.flatMap((policy) => {
    const own = known.filter((point) => point.policy === policy);
    if (own.length === 0) return [];
    frame.sheet.append("path").attr("class", `curve ${policy}`).attr("d", draw(own));
    const dots = frame.sheet.append("g").attr("class", `dots ${policy}`).selectAll("circle").data(own).join("circle");
    dots
      .attr("r", 3)
      .attr("cx", (point) => x(point.ratePerS))
      .attr("cy", ({ p90TtftMs }) => y(p90TtftMs));
    return [{ policy, y: y(own.at(-1)!.p90TtftMs) }];
  });
  drawEndNames(frame, ends);
}
