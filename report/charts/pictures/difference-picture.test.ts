import { differencePicture } from "./difference-picture.js";

const difference = {
  statistic: "mean_ttft_ms",
  before: 100,
  after: 80,
  difference: -20,
  interval: { low: -24, high: -16 },
  of_a_day: { low: -40, high: 0 },
  verdict: "better",
} as const;

test("each statistic has a row with its difference and verdict; one from zero has none", () => {
  const fromZero = { ...difference, statistic: "p99_queue_ms", before: 0, verdict: "worse" } as const;
  const svg = differencePicture({ title: "max_num_seqs 256", differences: [difference, fromZero] });
  expect(svg).toContain("mean_ttft_ms: -20 %, better");
  expect(svg).not.toContain("p99_queue_ms");
  expect(svg).toContain('aria-label="max_num_seqs 256"');
});
