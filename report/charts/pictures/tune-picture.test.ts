import { tunePicture } from "./tune-picture.js";

const point = (changes: Record<string, number>, value: number, isBeyond: boolean) => ({
  changes,
  value,
  interval: { low: 0.8 * value, high: 1.3 * value },
  beside: null,
  extrapolated_share: isBeyond ? 0.3 : 0,
  is_beyond_calibration: isBeyond,
});

test("settings are drawn in rows, those beyond the calibration hollow", () => {
  const front = [point({ max_num_seqs: 256 }, 120, true), point({}, 200, false)];
  const svg = tunePicture({ title: "vllm <here>", policy: "vllm", goal: "least p99_ttft", unit: "ms", front });
  expect(svg).toContain("least p99_ttft: max_num_seqs 256 120 ms; as they are 200 ms.");
  expect(svg.match(/<circle /g)).toHaveLength(2);
  expect(svg.match(/<circle [^>]*fill="#ffffff"/g)).toHaveLength(1);
  expect(svg).toContain("vllm &lt;here&gt;");
  expect(svg).not.toMatch(/NaN|Infinity/);
});
