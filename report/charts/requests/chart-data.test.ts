import { ConfigError } from "../../../formats/index.js";
import { cellStats, chartData as dataOfRuns, dataNotes, loadLabels, sampleText } from "./chart-data.js";
import { chartRunsOf, type ChartRow } from "./index.js";

const chartData = (rows: readonly ChartRow[]) => dataOfRuns(chartRunsOf(rows));

const row = (more: Partial<ChartRow>): ChartRow => ({
  scheduler: "naive",
  load: "1",
  seq: 1,
  source: "real",
  latencyS: 1,
  ttftS: 0.5,
  tokensPerS: 20,
  ...more,
});

const meanOf = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("chartData", () => {
  it("rejects no rows", () => {
    expect(() => chartData([])).toThrow(ConfigError);
  });

  it("keeps repeats apart and gives their mean and range", () => {
    const data = chartData([
      row({ repeat: 1, latencyS: 1 }),
      row({ repeat: 2, latencyS: 3 }),
      row({ repeat: 2, latencyS: 5, seq: 2 }),
    ]);
    const [stat] = cellStats(data, (each) => each.latencyS, meanOf);
    expect(stat).toMatchObject({ mean: 2.5, min: 1, max: 4, repeats: 2, requests: 1 });
  });

  it("leaves out values that cannot be drawn and says so", () => {
    const data = chartData([
      row({}),
      row({ latencyS: Number.NaN }),
      row({ latencyS: -1 }),
      row({ latencyS: Infinity }),
    ]);
    expect(cellStats(data, (each) => each.latencyS, meanOf)[0]!.mean).toBe(1);
    expect(dataNotes(data, (each) => each.latencyS)).toEqual([
      "3 of 4 values were negative or not finite and are left out.",
    ]);
  });

  it("names missing combinations", () => {
    const data = chartData([row({}), row({ scheduler: "vllm", load: "2" })]);
    expect(dataNotes(data, (each) => each.latencyS)).toEqual([
      "No requests for vllm, run 1, real; naive, run 2, real.",
    ]);
  });

  it("says n by source", () => {
    const rows = [1, 2].flatMap((repeat) => [row({ repeat }), row({ repeat, seq: 2 })]);
    expect(sampleText(chartData([...rows, row({ source: "sim" })]))).toBe(
      "n = 4 real (2 repeats) and 1 simulated requests",
    );
    expect(sampleText(chartData([row({})]))).toBe("n = 1 real request");
  });

  it("says the requests of each load once where they are the same everywhere", () => {
    expect(loadLabels(chartData([row({}), row({ load: "2" })])).axisLabel).toBe("load (n = 1 requests in each run)");
    expect(loadLabels(chartData([row({}), row({ load: "2" }), row({ load: "2", seq: 2 })])).details).toEqual([
      "n = 1",
      "n = 2",
    ]);
  });
});
