import { createHash } from "node:crypto";
import { CellIndex } from "./cell-index.js";

const idOf = (at: number): string => createHash("sha256").update(String(at)).digest("hex").slice(0, 16);

test("names keep the place at which they came, however many come", () => {
  const index = new CellIndex();
  for (let at = 0; at < 5000; at++) expect(index.add(idOf(at))).toBe(at);
  expect(index.length).toBe(5000);
  for (const at of [0, 1, 1023, 1024, 4999]) {
    expect(index.idAt(at)).toBe(idOf(at));
    expect(index.placeOf(idOf(at))).toBe(at);
    expect(index.add(idOf(at))).toBe(at);
  }
  expect(index.length).toBe(5000);
  expect(index.placeOf(idOf(5000))).toBeUndefined();
});

test("names that agree in one half are two names", () => {
  const index = new CellIndex();
  const ids = ["00000000ffffffff", "ffffffff00000000", "0000000000000000", "ffffffffffffffff", "0000000100000000"];
  expect(ids.map((id) => index.add(id))).toEqual([0, 1, 2, 3, 4]);
  expect(ids.map((id) => index.idAt(index.placeOf(id)!))).toEqual(ids);
  expect(() => index.idAt(5)).toThrow("no cell 5 of 5");
});
