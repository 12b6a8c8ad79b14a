import type { WorkloadRequest } from "../../../formats/index.js";
import { tracePicture } from "./index.js";

function requests(count: number, gapNs: number): WorkloadRequest[] {
  return Array.from({ length: count }, (_, at) => ({
    id: String(at),
    arrivalNs: at * gapNs,
    promptTokens: 10 + at * 40,
    outputTokens: 5,
  }));
}

describe("the picture of a trace", () => {
  it("has n and units in its title, and a labelled axis to each panel", () => {
    const svg = tracePicture(requests(1201, 100e6), "Trace day.csv");
    expect(svg).toContain("Trace day.csv (requests/s, tokens), n = 1,201 requests");
    for (const label of [
      "arrivals (requests/s)",
      "time from the first request (min)",
      "length (tokens, log scale)",
      "length (tokens)",
      "requests (%)",
      "Prompt length",
      "Output length",
    ]) {
      expect(svg).toContain(`>${label}<`);
    }
    expect(svg).toContain("Each step is the mean of 1 s; the highest is 11 requests/s.");
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });

  it("chooses a unit of time that fits, and is the same every time", () => {
    expect(tracePicture(requests(50, 1e9), "short")).toContain("time from the first request (s)");
    expect(tracePicture(requests(50, 1e12), "long")).toContain("time from the first request (h)");
    expect(tracePicture(requests(50, 1e9), "a")).toBe(tracePicture(requests(50, 1e9), "a"));
  });

  it("has lengths alone without time, and works with one request", () => {
    const untimed = requests(9, 1).map(({ id, promptTokens, outputTokens }) => ({ id, promptTokens, outputTokens }));
    for (const some of [untimed, requests(1, 1)]) {
      const svg = tracePicture(some, "lengths");
      expect(svg).toContain(`lengths (tokens), n = ${some.length} request`);
      expect(svg).toContain("The trace has no arrival times.");
      expect(svg).not.toContain("requests/s");
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    }
  });

  it("escapes a title", () => {
    expect(tracePicture(requests(2, 1), "a<b>&")).toContain("a&lt;b&gt;&amp;");
  });
});
