import { sharedNotes } from "./reporter.js";

test("what every cell says is said once, the rest with its cell", () => {
  const cells = [
    { name: "a", notes: ["not usable", "overload"] },
    { name: "b", notes: ["overload", "not usable", "extrapolated"] },
    { name: "c", notes: ["not usable"] },
  ];
  expect(sharedNotes(cells)).toEqual(["not usable", "a: overload", "b: overload", "b: extrapolated"]);
});

test("a single cell's notes have its name", () => {
  expect(sharedNotes([{ name: "a", notes: ["overload"] }])).toEqual(["a: overload"]);
  expect(sharedNotes([])).toEqual([]);
});
