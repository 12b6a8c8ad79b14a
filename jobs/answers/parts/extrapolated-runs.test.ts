import type { Extrapolation } from "../../../formats/index.js";
import { extrapolationOf } from "./extrapolated-runs.js";

const above = (asked: number, share: number): Extrapolation["of"][number] => ({
  quantity: "prompt_tokens",
  side: "above",
  measured_to: 3500,
  asked,
  share,
});

test("the note has the share that the answer has, and of each quantity the farthest and the mean share", () => {
  const batch = { quantity: "batch", side: "below", measured_to: 8, asked: 4, share: 0.02 } as const;
  const { share, notes } = extrapolationOf([
    { extrapolated: { share: 0.2, of: [above(7000, 0.1)] } },
    { extrapolated: { share: 0.3, of: [batch, above(6000, 0.3)] } },
  ]);
  expect(share).toBeCloseTo(0.25, 12);
  expect(notes).toEqual([
    "extrapolated for 25.0 % of the time, beyond what the profile was measured on: " +
      "up to 7,000 tokens of a prompt (measured to 3,500; 20.0 %), down to 4 requests at once (measured from 8; 1.0 %)",
  ]);
});

test("runs within the range, and no runs, have no note", () => {
  expect(extrapolationOf([{ extrapolated: { share: 0, of: [] } }])).toEqual({ share: 0, notes: [] });
  expect(extrapolationOf([])).toEqual({ share: 0, notes: [] });
});
