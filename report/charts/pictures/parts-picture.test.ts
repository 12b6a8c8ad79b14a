import { partsPicture } from "./parts-picture.js";

const bar = (statistic: string, value: number, parts: Record<string, number>) => ({
  statistic,
  value,
  interval: null,
  parts,
  beside: 3,
});

test("a panel for each latency, a bar for each statistic, the parts stacked to the whole", () => {
  const svg = partsPicture({
    title: "Where the time went",
    parts: [bar("mean_ttft", 100, { seats: 60, decode: 40 }), bar("p99_e2el", 400, { decode: 400, host: 0.1 })],
    titles: { seats: "waiting for a slot", decode: "decodes", host: "host thread" },
  });
  expect(svg).toContain("mean_ttft 100 ms: waiting for a slot 60, decodes 40.");
  expect(svg).toContain("<title>waiting for a slot: 60 ms</title>");
  // Less than half a per cent of everything.
  expect(svg).not.toContain("host thread");
});
