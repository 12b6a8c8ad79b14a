import { linesPicture } from "./lines-picture.js";

const line = (name: string, factor: number) => ({
  name,
  points: [10, 100, 1000].map((x) => [x, factor * x] as const),
});

test("a panel for each quantity, a line for each name, and the values in words", () => {
  const svg = linesPicture({
    name: "growth",
    title: "How time grows",
    up: { name: "time", unit: "µs" },
    panels: [
      { across: "requests", lines: [line("slow", 2), line("fast", 1)] },
      { across: "tokens", lines: [line("slow", 3), line("fast", 1)] },
    ],
    notes: ["A note."],
  });
  expect(svg).toContain("Over requests: slow 20 µs at 10, 200 µs at 100, 2000 µs at 1000; fast 10 µs at 10");
  expect(svg).toContain('data-series="slow" data-x="1000" data-y="3000"');
  expect(svg).toContain("Both axes are logarithmic.");
});

test("equal factors are equal distances: lines of equal slope are parallel", () => {
  const svg = linesPicture({
    name: "growth",
    title: "How time grows",
    up: { name: "time", unit: "µs" },
    panels: [{ across: "requests", lines: [line("slow", 5), line("fast", 1)] }],
    notes: [],
  });
  const paths = [...svg.matchAll(/<path d="M([\d.,L]+)" stroke/g)].map(([, path]) =>
    path!.split("L").map((place) => place.split(",").map(Number)),
  );
  const [slow, fast] = paths.filter((path) => path.length === 3);
  const apart = slow!.map(([, y], at) => fast![at]![1]! - y!);
  expect(apart[0]).toBeGreaterThan(10);
  for (const distance of apart) expect(Math.abs(distance - apart[0]!)).toBeLessThan(0.05);
});
