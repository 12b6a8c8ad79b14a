import seedrandom from "seedrandom";
import { SlotMap } from "./slot-map.js";

test("whoever has one new token lies side by side from the first slot, and takes its tokens along", () => {
  const random = seedrandom.alea("slots");
  const below = (end: number): number => Math.floor(random.quick() * end);
  const slots = 9;
  const content: (string | undefined)[] = Array.from({ length: slots });
  const map = new SlotMap(slots, (from, to, tokens) => {
    content[to] = content[from]!.split(" ").slice(0, tokens).join(" ");
  });
  const live = new Map<number, string[]>();
  let next = 0;
  for (let step = 0; step < 3000; step++) {
    for (const request of [...live.keys()]) {
      if (random.quick() < 0.15) {
        live.delete(request);
        map.free(request);
      }
    }
    while (live.size < slots - 1 && random.quick() < 0.6) live.set(next++, []);
    const chosen = [...live.keys()].filter(() => random.quick() < 0.8);
    const decodes = chosen.filter(() => random.quick() < 0.6);
    const chunks = chosen.filter((request) => !decodes.includes(request));
    map.arrange(decodes, chunks);
    expect(decodes.map((request) => map.slot(request)).sort((a, b) => a - b)).toEqual(decodes.map((_, at) => at));
    for (const request of chosen) {
      const slot = map.slot(request);
      const tokens = live.get(request)!;
      // What was written in earlier steps is still there, wherever the slot is now.
      expect((content[slot] ?? "").split(" ").slice(0, tokens.length)).toEqual(tokens.length === 0 ? [] : tokens);
      const count = decodes.includes(request) ? 1 : 1 + below(5);
      for (let at = 0; at < count; at++) tokens.push(`${request}.${tokens.length}`);
      content[slot] = tokens.join(" ");
      map.hold(request, tokens.length);
    }
  }
  expect(map.copies).toBeGreaterThan(100);
});

test("more requests than slots, and a request without one, are named", () => {
  const map = new SlotMap(3, () => undefined);
  expect(() => {
    map.arrange([1, 2], [3]);
  }).toThrow("3 requests in 3 slots, one of which is spare");
  expect(() => map.slot(7)).toThrow("request 7 has no slot");
});
