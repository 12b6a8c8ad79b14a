import { traceText } from "./trace-file.js";

describe("the trace that the peer replays", () => {
  const rows = traceText(
    [
      { id: "0", arrivalNs: 1_500_001, promptTokens: 33, outputTokens: 7 },
      { id: "1", promptTokens: 16, outputTokens: 1 },
    ],
    16,
  )
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { hash_ids: number[] });

  it("keeps arrivals to the nanosecond and lengths as they are", () => {
    expect(rows).toMatchObject([
      { timestamp: 1.500001, input_length: 33, output_length: 7 },
      { timestamp: 0, input_length: 16, output_length: 1 },
    ]);
  });

  it("has a hash of its own for every block begun, so that nothing is shared", () => {
    expect(rows.map(({ hash_ids }) => hash_ids.length)).toEqual([3, 1]);
    const all = rows.flatMap(({ hash_ids }) => hash_ids);
    expect(new Set(all).size).toBe(all.length);
  });
});
