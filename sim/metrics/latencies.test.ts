import fc from "fast-check";
import type { RequestRecord } from "../../formats/index.js";
import { gapsMs, tpotsMs } from "./latencies.js";
import { columnsOf } from "./request-columns.js";
import { clientDelayMs, e2elMs, queueMs, tpotMs, ttftMs } from "./request-metrics.js";

const time = fc.option(fc.maxSafeNat(), { nil: undefined });
const records = fc.array(
  fc.record(
    {
      requestId: fc.string(),
      arrivalNs: fc.maxSafeNat(),
      sentNs: time,
      scheduledNs: time,
      firstTokenNs: time,
      lastTokenNs: time,
      promptTokens: fc.nat(9),
      outputTokens: fc.nat(3),
      status: fc.constantFrom("ok" as const, "ok" as const, "error" as const),
    },
    { noNullPrototype: true },
  ),
  { maxLength: 20 },
) as fc.Arbitrary<RequestRecord[]>;

describe("latencies by column", () => {
  it("are those of each finished request that has its times, in the order of the rows", () => {
    fc.assert(
      fc.property(records, (run) => {
        const columns = columnsOf(run);
        const { arrivalNs, sentNs, scheduledNs, firstTokenNs, lastTokenNs } = columns;
        const room = new Float64Array(run.length);
        const known = (metric: (request: RequestRecord) => number | null): (number | null)[] =>
          run
            .filter(({ status }) => status === "ok")
            .map(metric)
            .filter((value) => value !== null);
        expect([...gapsMs(columns, arrivalNs, firstTokenNs, room)]).toEqual(known(ttftMs));
        expect([...gapsMs(columns, arrivalNs, lastTokenNs, room)]).toEqual(known(e2elMs));
        expect([...gapsMs(columns, arrivalNs, scheduledNs, room)]).toEqual(known(queueMs));
        expect([...gapsMs(columns, arrivalNs, sentNs, room)]).toEqual(known(clientDelayMs));
        expect([...tpotsMs(columns, room)]).toEqual(known(tpotMs));
      }),
    );
  });
});

describe("columnsOf", () => {
  it("names the rows and counts them", () => {
    const record: RequestRecord = { requestId: "x", arrivalNs: 3, promptTokens: 7, outputTokens: 2, status: "refused" };
    const columns = columnsOf([{ ...record, requestId: "w", status: "ok" }, record]);
    expect(columns.rows).toBe(2);
    expect([columns.requestId(0), columns.requestId(1)]).toEqual(["w", "x"]);
    expect([[...columns.ok], [...columns.promptTokens], [...columns.outputTokens]]).toEqual([
      [1, 0],
      [7, 7],
      [2, 2],
    ]);
    expect(columns.lastTokenNs[1]).toBeNaN();
  });
});
