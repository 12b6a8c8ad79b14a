/** Whose turn it is, among replicas of which only the times are known. */
import type { Replica } from "./replica.js";
import { Turns } from "./turns.js";

interface Times {
  quietNs: number;
  nextNs: number;
  endNs: number;
  isFrontEnd: boolean;
}

function replicaAt(quietNs: number, rest: Partial<Times> = {}): { times: Times; replica: Replica } {
  const times = { quietNs, nextNs: quietNs, endNs: Infinity, isFrontEnd: false, ...rest };
  const loop = {
    quietUntilNs: () => times.quietNs,
    nextNs: () => times.nextNs,
    nextIsFrontEnd: () => times.isFrontEnd,
    ended: {
      get nextNs() {
        return times.endNs;
      },
    },
  };
  return { times, replica: { loop } as unknown as Replica };
}

function turnsOf(...all: readonly { replica: Replica }[]): Turns {
  const turns = new Turns(all.map(({ replica }) => replica));
  turns.look();
  return turns;
}

it("the replica that may end a request first goes on, until the time of the next one", () => {
  expect(turnsOf(replicaAt(30), replicaAt(10), replicaAt(20))).toMatchObject({ first: 1, quietNs: 10, secondNs: 20 });
  expect(turnsOf(replicaAt(10), replicaAt(Infinity))).toMatchObject({ first: 0, quietNs: 10, secondNs: Infinity });
  expect(turnsOf(replicaAt(Infinity), replicaAt(Infinity))).toMatchObject({ quietNs: Infinity, secondNs: Infinity });
});

it("at one instant what comes before it goes first, then front ends, then the first of the engines", () => {
  const engine = replicaAt(10);
  const frontEnd = replicaAt(10, { isFrontEnd: true });
  const earlier = replicaAt(10, { nextNs: 7 });
  expect(turnsOf(engine, frontEnd, earlier)).toMatchObject({ first: 2, quietNs: 10, secondNs: 10 });
  expect(turnsOf(engine, frontEnd, replicaAt(11))).toMatchObject({ first: 1, secondNs: 10 });
  expect(turnsOf(engine, replicaAt(10))).toMatchObject({ first: 0, secondNs: 10 });
});

it("reports the earliest end of all replicas; if several are equal, the first replica's", () => {
  expect(turnsOf(replicaAt(9), replicaAt(9, { endNs: 5 }), replicaAt(9, { endNs: 5 }))).toMatchObject({
    ender: 1,
    endNs: 5,
  });
  expect(turnsOf(replicaAt(9)).endNs).toBe(Infinity);
});

it("a replica is asked again only after it moved", () => {
  const [one, other] = [replicaAt(10, { endNs: 4 }), replicaAt(20)];
  const turns = turnsOf(one, other);
  Object.assign(one.times, { quietNs: 40, nextNs: 40, endNs: 30 });
  turns.look();
  expect(turns).toMatchObject({ first: 0, quietNs: 10, endNs: 4 });
  turns.ended(0);
  turns.look();
  expect(turns).toMatchObject({ first: 0, quietNs: 10, endNs: 30 });
  turns.moved(0);
  turns.look();
  expect(turns).toMatchObject({ first: 1, quietNs: 20, secondNs: 40 });
});
