import { parseGoodput, parseSlos, type RequestColumns } from "../../formats/index.js";
import { attainmentOf } from "./attainment.js";

/** Requests every 600 ms (100 a minute) whose first token comes after so many ms, and whose 2 tokens are 10 ms apart. */
function table(ttftMs: readonly number[]): RequestColumns {
  const rows = ttftMs.length;
  const of = (value: (row: number) => number): Float64Array => Float64Array.from(ttftMs, (_, row) => value(row));
  const arrivalNs = of((row) => row * 600e6);
  const firstTokenNs = of((row) => arrivalNs[row]! + 1e6 * ttftMs[row]!);
  return {
    rows,
    arrivalNs,
    sentNs: arrivalNs,
    scheduledNs: arrivalNs,
    firstTokenNs,
    lastTokenNs: firstTokenNs.map((ns) => ns + 10e6),
    promptTokens: new Int32Array(rows).fill(1),
    outputTokens: new Int32Array(rows).fill(2),
    ok: new Uint8Array(rows).fill(1),
    requestId: String,
  };
}

/** Three minutes: all quick; 1 of 100 slow; 2 of 100 slow. */
const quick = (): number[] => new Array<number>(100).fill(50);
const minutes = [...quick(), ...quick().fill(900, 0, 1), ...quick().fill(900, 0, 2)];

test("a minute is outside a percentile's limit when more of its requests miss it than may", () => {
  const found = attainmentOf(table(minutes), { slos: parseSlos("p99_ttft:500") });
  expect(found).toEqual({ share: 297 / 300, minutes: 3, minutesOutside: 1 });
});

test("limits of goodput are met by a request together, and means by a minute as a whole", () => {
  const goodput = attainmentOf(table(minutes), { slos: [], goodput: parseGoodput("ttft:500 tpot:20", 0.995) });
  expect(goodput).toEqual({ share: 297 / 300, minutes: 3, minutesOutside: 2 });
  const means = attainmentOf(table(minutes), { slos: parseSlos("mean_ttft:60") });
  expect(means).toEqual({ share: 1, minutes: 3, minutesOutside: 1 });
});
