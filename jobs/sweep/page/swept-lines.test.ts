import { sweptLines } from "./swept-lines.js";
import type { SweepTable } from "../table.js";

const columns = ["cell", "profile", "label", "seed", "error", "policy.max_num_seqs", "load.request_rate", "mean_ttft_ms", "mean_ttft_ms_low", "mean_ttft_ms_high"]; // prettier-ignore
const row = (seqs: number, rate: number, seed: string, value: number | null, error: string | null = null): SweepTable["rows"][number] =>
  ["x", "p", "vllm", seed, error, seqs, rate, value, value === null ? 1 : value - 1, value === null ? 2 : value + 1]; // prettier-ignore

test("the rate is across, other settings are lines, seeds are points above each other", () => {
  const rows = [row(8, 4, "1", 10), row(8, 2, "1", 5), row(8, 4, "2", 12), row(16, 4, "1", null), row(16, 2, "1", 4)];
  const swept = sweptLines({ columns, rows: [...rows, row(16, 8, "1", null, "failed")] })!;
  expect(swept).toMatchObject({ axis: "request_rate", statistics: ["mean_ttft_ms"] });
  expect(swept.lines).toEqual([
    {
      name: "max_num_seqs 8",
      points: [
        { x: 2, values: [{ value: 5, low: 4, high: 6 }] },
        { x: 4, values: [{ value: 10, low: 9, high: 11 }] },
        { x: 4, values: [{ value: 12, low: 11, high: 13 }] },
      ],
    },
    {
      name: "max_num_seqs 16",
      points: [
        { x: 2, values: [{ value: 4, low: 3, high: 5 }] },
        { x: 4, values: [{ value: null, low: null, high: null }] },
      ],
    },
  ]);
});

test("without rates a setting is across; with nothing numeric that varies there is no chart", () => {
  const swept = sweptLines({ columns, rows: [row(8, 4, "1", 10), row(16, 4, "1", 9)] })!;
  expect([swept.axis, swept.lines.map(({ name }) => name)]).toEqual(["max_num_seqs", ["vllm"]]);
  expect(sweptLines({ columns, rows: [row(8, 4, "1", 10), row(8, 4, "2", 9)] })).toBeUndefined();
});
