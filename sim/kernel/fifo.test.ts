import fc from "fast-check";
import { Fifo } from "./index.js";

describe("a first-in first-out queue", () => {
  it("does what an array's push, shift and removal do", () => {
    const command = fc.oneof(
      fc.record({ kind: fc.constant("push"), value: fc.nat(9) }),
      fc.record({ kind: fc.constant("shift"), value: fc.constant(0) }),
      fc.record({ kind: fc.constant("remove"), value: fc.nat(9) }),
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 200 }), (commands) => {
        const fifo = new Fifo<number>();
        const model: number[] = [];
        for (const { kind, value } of commands) {
          if (kind === "push") {
            fifo.push(value);
            model.push(value);
          } else if (kind === "shift") {
            expect(fifo.shift()).toBe(model.shift());
          } else {
            const at = model.indexOf(value);
            if (at >= 0) model.splice(at, 1);
            expect(fifo.remove(value)).toBe(at >= 0);
          }
          expect(fifo.length).toBe(model.length);
          expect([fifo.peek(), fifo.peek(1)]).toEqual([model[0], model[1]]);
        }
      }),
    );
  });

  it("keeps order over many items", () => {
    const fifo = new Fifo<number>();
    const taken: (number | undefined)[] = [];
    for (let i = 0; i < 10_000; i++) {
      fifo.push(i);
      if (i % 3 === 0) taken.push(fifo.shift());
    }
    while (fifo.length > 0) taken.push(fifo.shift());
    expect(taken).toEqual(Array.from({ length: 10_000 }, (_, i) => i));
  });
});
