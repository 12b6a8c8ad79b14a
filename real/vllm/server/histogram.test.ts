import { bucketQuantile, countOf, differenceOf, histogramOf, type Histogram } from "./histogram.js";
import { parsePrometheus } from "./prometheus.js";

const twoEngines = [
  'h_bucket{engine="0",le="0.1"} 1',
  'h_bucket{engine="0",le="0.5"} 3',
  'h_bucket{engine="0",le="+Inf"} 4',
  'h_bucket{engine="1",le="0.1"} 2',
  'h_bucket{engine="1",le="0.5"} 2',
  'h_bucket{engine="1",le="+Inf"} 2',
  'h_sum{engine="0"} 1.5',
  'h_sum{engine="1"} 0.1',
].join("\n");

test("label sets are summed bound by bound", () => {
  expect(histogramOf(parsePrometheus(twoEngines), "h")).toEqual({
    bounds: [0.1, 0.5, Infinity],
    cumulative: [3, 5, 6],
    sum: 1.6,
  });
  expect(histogramOf(parsePrometheus(twoEngines), "other")).toBeUndefined();
});

test("a histogram without its last bucket or with an odd bound is rejected by name", () => {
  expect(() => histogramOf(parsePrometheus('h_bucket{le="1"} 1'), "h")).toThrow('h_bucket: no bucket with le="+Inf"');
  expect(() => histogramOf(parsePrometheus("h_bucket 1"), "h")).toThrow('h_bucket: le is ""');
  const bucket = 'h_bucket{le="+Inf"} 1\n';
  for (const sum of ["NaN", "-1", "1e308\nh_sum 1e308"])
    expect(() => histogramOf(parsePrometheus(`${bucket}h_sum ${sum}`), "h")).toThrow(
      /metric h_sum: got .*, expected a sum/,
    );
});

const before: Histogram = { bounds: [10, 20, Infinity], cumulative: [2, 2, 2], sum: 4 };
const after: Histogram = { bounds: [10, 20, Infinity], cumulative: [2, 12, 12], sum: 154 };

test("a difference holds what came between, and is not made across a restart", () => {
  const between = differenceOf(after, before)!;
  expect(between).toEqual({ bounds: [10, 20, Infinity], cumulative: [0, 10, 10], sum: 150 });
  expect(countOf(between)).toBe(10);
  expect(differenceOf(before, after)).toBeUndefined();
  expect(differenceOf({ ...after, sum: 3 }, before)).toBeUndefined();
  expect(differenceOf({ ...after, bounds: [10, 30, Infinity] }, before)).toBeUndefined();
  expect(differenceOf(after, undefined)).toBe(after);
});

test("a quantile is interpolated within its bucket, and the bucket is reported", () => {
  const between = differenceOf(after, before)!;
  expect(bucketQuantile(between, 0.5)).toEqual({ value: 15, above: 10, atMost: 20 });
  expect(bucketQuantile(between, 1)).toEqual({ value: 20, above: 10, atMost: 20 });
  expect(bucketQuantile(before, 0.5)).toEqual({ value: 5, above: 0, atMost: 10 });
});

test("in the last bucket there is no value, in an empty histogram no quantile", () => {
  const late: Histogram = { bounds: [10, Infinity], cumulative: [1, 4], sum: 100 };
  expect(bucketQuantile(late, 0.9)).toEqual({ value: undefined, above: 10, atMost: Infinity });
  expect(bucketQuantile({ bounds: [10, Infinity], cumulative: [0, 0], sum: 0 }, 0.5)).toBeUndefined();
});
