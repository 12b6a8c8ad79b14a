import { loadSchema, type WorkloadRequest } from "../../formats/index.js";
import { findBinning, unbinned, workloadFromRequests } from "./index.js";

function requestsAt(timesNs: readonly number[]): WorkloadRequest[] {
  return timesNs.map((arrivalNs, at) => ({ id: `r${at}`, arrivalNs, promptTokens: 5, outputTokens: 2 }));
}

function times(requests: readonly WorkloadRequest[]): (number | undefined)[] {
  return requests.map(({ arrivalNs }) => arrivalNs);
}

function replay(requests: readonly WorkloadRequest[], settings: object): readonly WorkloadRequest[] {
  return workloadFromRequests(loadSchema.parse({ workload: "trace", ...settings }), requests, "1").requests;
}

describe("binned times", () => {
  /** 20 bins of 3 s with 5 requests each, one of them a millisecond early, as in Mooncake's trace. */
  const binned = requestsAt(
    Array.from({ length: 100 }, (_, at) => Math.floor(at / 5) * 3e9 - (Math.floor(at / 5) === 2 ? 1e6 : 0)),
  );

  it("are found with their period, and others are not", () => {
    expect(findBinning(binned)).toEqual({ periodNs: 3e9, tiedRequests: 100, bins: 20 });
    const sparse = requestsAt([0, 0, 1, 3, 3, 4, 7, 9, 9, 10, 14, 15, 15, 16].map((second) => second * 1e9));
    expect(findBinning(sparse)).toMatchObject({ periodNs: 1e9, tiedRequests: 8 });
    const constant = requestsAt(Array.from({ length: 100 }, (_, at) => at * 1e9));
    expect(findBinning(constant)).toBeUndefined();
    const irregular = requestsAt(Array.from({ length: 100 }, (_, at) => Math.floor(at / 2) ** 2 * 1_234_567));
    expect(findBinning(irregular)).toBeUndefined();
    expect(findBinning(requestsAt([0, 0, 1e9, 1e9]))).toBeUndefined();
    expect(findBinning(requestsAt(Array.from({ length: 100 }, () => 0)))).toBeUndefined();
  });

  it("are spread over their bin in order, evenly or at random", () => {
    expect(times(replay(binned, { unbin: "even" })).slice(0, 6)).toEqual([0, 0.6e9, 1.2e9, 1.8e9, 2.4e9, 3e9]);
    for (const how of ["even", "uniform"] as const) {
      const spread = unbinned(binned, 3e9, how, "1");
      expect(spread.map(({ id }) => id)).toEqual(binned.map(({ id }) => id));
      spread.forEach(({ arrivalNs }, at) => {
        expect(arrivalNs! - binned[at]!.arrivalNs!).toBeGreaterThanOrEqual(0);
        expect(arrivalNs! - binned[at]!.arrivalNs!).toBeLessThan(3e9);
        expect(arrivalNs!).toBeGreaterThanOrEqual(spread[at - 1]?.arrivalNs ?? 0);
      });
      expect(findBinning(spread)).toBeUndefined();
      expect(unbinned(binned, 3e9, how, "1")).toEqual(spread);
    }
    expect(() => replay(requestsAt([0, 1e9, 3e9]), { unbin: "even" })).toThrow(
      /times are not binned .*, leave out unbin/,
    );
  });
});
