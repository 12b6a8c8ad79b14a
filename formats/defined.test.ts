import { defined } from "./defined.js";

test("fields without a value are left out, the others keep their order", () => {
  const given: { a?: number; b: string | undefined; c: null } = { b: "b", c: null };
  const kept: { a?: number; b?: string; c: null } = defined({ c: given.c, a: given.a, b: given.b });
  expect(Object.entries(kept)).toEqual([
    ["c", null],
    ["b", "b"],
  ]);
});
