import { sweepPicture } from "./sweep-picture.js";

const point = (x: number, value: number | null) => ({
  x,
  values: [{ value, low: value === null ? null : 0.9 * value, high: value === null ? null : 1.2 * value }],
});

test("each setting is a line of points with intervals; a statistic that is not known leaves a gap, not a zero", () => {
  const lines = [
    { name: "max_num_seqs 8", points: [point(4, 10), point(8, 20), point(8, 24), point(16, null)] },
    { name: "max_num_seqs <16>", points: [point(4, 9), point(8, 11), point(16, 500)] },
  ];
  const svg = sweepPicture({ title: "a & b", axis: "request_rate", statistics: ["p99_ttft_ms"], lines });
  expect(svg).toContain("p99_ttft_ms over request_rate, of max_num_seqs 8; max_num_seqs &lt;16&gt;.");
  // Markers of the points and of the legend.
  expect(svg.match(/<title>max_num_seqs (8|&lt;16&gt;), \d+: /g)).toHaveLength(6);
  expect(svg.match(/<line [^>]*stroke-opacity/g)).toHaveLength(6);
  expect(svg).toContain("a &amp; b");
  expect(svg).toContain("log scale");
  expect(svg).not.toMatch(/NaN|Infinity/);
});

test("more lines than colours are counted", () => {
  const lines = Array.from({ length: 11 }, (_, at) => ({ name: `line ${at}`, points: [point(1, at + 1)] }));
  const svg = sweepPicture({ title: "many", axis: "max_num_seqs", statistics: ["mean_ttft_ms"], lines });
  expect(svg).toContain("2 more lines are in the table only");
});
