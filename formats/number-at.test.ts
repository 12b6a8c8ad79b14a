import { z } from "zod";
import { numberAt } from "./number-at.js";

const schema = z.strictObject({
  part: z.strictObject({ base: z.number().positive().describe("ns"), extra: z.number().default(0) }).optional(),
  name: z.string(),
  ordered: z.object({ low: z.number(), high: z.number() }).refine(({ low, high }) => low <= high),
  either: z.union([z.number(), z.string()]),
});

test("the schema of a number is found through what may be absent", () => {
  expect(numberAt(schema, ["part", "base"])!.safeParse(0).success).toBe(false);
  expect(numberAt(schema, ["part", "base"])!.safeParse(1).success).toBe(true);
  expect(numberAt(schema, ["part", "extra"])!.safeParse(-1).success).toBe(true);
});

test.each([
  ["what is not a number", ["name"]],
  ["an object", ["part"]],
  ["what does not exist", ["part", "bass"]],
  ["what lies within a number", ["part", "base", "more"]],
  ["a number of which a rule of its object decides, too", ["ordered", "low"]],
  ["a number among other things", ["either"]],
])("there is none for %s", (_, keys) => {
  expect(numberAt(schema, keys)).toBeUndefined();
});
