import { requireInPlace, type InPlaceSubject } from "./in-place.js";

/** A slot of 8 tokens, a number each; `append` stands for the kernel. */
function subject(append: (slot: number[], past: number) => void): InPlaceSubject {
  const slot = Array<number>(8).fill(0);
  return {
    cache: { slotTokens: 8, sample: (_, tokens) => slot.slice(0, tokens) },
    run: ([group]) => {
      append(slot, group!.rows[0]!.past);
    },
  };
}

test("a kernel that appends to the slot is accepted", () => {
  expect(() => {
    requireInPlace(subject((slot, past) => (slot[past] = 1 + past)));
  }).not.toThrow();
});

test.each([
  ["writes its keys elsewhere", () => undefined],
  ["closes the gap between heads", (slot: number[], past: number) => slot.splice(0, 2, 5 + past, 6 + past)],
  ["forgets what was there", (slot: number[], past: number) => slot.splice(0, 2, past === 0 ? 1 : 0, past)],
])("a runtime that %s is named with its version and what to do", (_, append) => {
  expect(() => {
    requireInPlace(subject(append));
  }).toThrow(/ONNX Runtime 1\.29\.\d+ in ".*" does not keep the KV cache in place.*npm ci/);
});
