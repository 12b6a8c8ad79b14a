import { repeatFile, repeatFolder } from "./places.js";

test("the first repeat goes where the flag says, others beside it", () => {
  expect([0, 1, 2].map((at) => repeatFolder("out/", at))).toEqual(["out/", "out-r2", "out-r3"]);
  expect(repeatFolder("/", 1)).toBe("/-r2");
});

test.each([
  ["r.json", "r-r2.json"],
  ["a.json/b.json.gz", "a.json/b-r2.json.gz"],
  ["b.gz", "b-r2.gz"],
  ["../plain", "../plain-r2"],
  ["a.b/plain", "a.b/plain-r2"],
  [".hidden", ".hidden-r2"],
])("of the file %s the second is %s", (file, second) => {
  expect([repeatFile(file, 0), repeatFile(file, 1)]).toEqual([file, second]);
});
