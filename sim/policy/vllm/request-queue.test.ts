import fc from "fast-check";
import { requestQueue, type RequestQueue } from "./request-queue.js";
import { isServedBefore } from "./rank.js";
import { Sequence } from "./sequence.js";

function sequence(index: number, priority = 0, arrivalNs = 0, id?: string): Sequence {
  return new Sequence(index, arrivalNs, { promptTokens: 1, outputTokens: 1, priority, ...(id && { id }) });
}

function drain(queue: RequestQueue<Sequence>): number[] {
  const order: number[] = [];
  for (let head = queue.head(); head !== undefined; head = queue.head()) {
    order.push(head.index);
    queue.takeHead();
  }
  return order;
}

describe("the queue of arrivals", () => {
  it("serves what was put back first, latest first, then by arrival", () => {
    const queue = requestQueue<Sequence>("fcfs", isServedBefore);
    for (let index = 0; index < 3; index++) queue.add(sequence(index));
    queue.putBack(sequence(8));
    queue.putBack(sequence(7));
    expect(queue.all().map(({ index }) => index)).toEqual([7, 8, 0, 1, 2]);
    expect([queue.length, drain(queue), queue.length]).toEqual([5, [7, 8, 0, 1, 2], 0]);
  });

  it("lets anybody leave, and says when somebody is not in it", () => {
    const queue = requestQueue<Sequence>("fcfs", isServedBefore);
    const all = [0, 1, 2].map((index) => sequence(index));
    for (const one of all) queue.add(one);
    const back = sequence(9);
    queue.putBack(back);
    expect([queue.remove(all[1]!), queue.remove(back), queue.remove(back)]).toEqual([true, true, false]);
    expect(drain(queue)).toEqual([0, 2]);
  });

  it("stays in order over thousands", () => {
    const queue = requestQueue<Sequence>("fcfs", isServedBefore);
    const served: number[] = [];
    for (let index = 0; index < 6000; index++) {
      queue.add(sequence(index));
      if (index % 3 === 0) continue;
      served.push(queue.head()!.index);
      queue.takeHead();
    }
    expect([...served, ...drain(queue)]).toEqual(Array.from({ length: 6000 }, (_, index) => index));
  });
});

describe("the queue by rank", () => {
  it("serves by priority, arrival and id, whoever leaves in between", () => {
    const entry = fc.tuple(fc.nat(2), fc.nat(2), fc.boolean());
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 40 }), (drawn) => {
        const queue = requestQueue<Sequence>("priority", isServedBefore);
        const all = drawn.map(([priority, arrivalNs], index) => sequence(index, priority, arrivalNs));
        for (const one of all) queue.add(one);
        for (const one of all) if (drawn[one.index]![2]) expect(queue.remove(one)).toBe(true);
        const left = all.filter(({ index }) => !drawn[index]![2]);
        expect([queue.length, queue.all().length]).toEqual([left.length, left.length]);
        const expected = left.sort((a, b) => (isServedBefore(a, b) ? -1 : 1)).map(({ index }) => index);
        expect(drain(queue)).toEqual(expected);
      }),
      { seed: 5 },
    );
  });

  it("breaks a tie by id as text, and by index without ids", () => {
    expect(isServedBefore(sequence(1, 0, 0, "r10"), sequence(0, 0, 0, "r9"))).toBe(true);
    expect(isServedBefore(sequence(1), sequence(0))).toBe(false);
  });
});
