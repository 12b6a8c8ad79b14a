/** What every router must keep, whatever it goes by. */
import fc from "fast-check";
import type { WorkloadRequest } from "../../formats/index.js";
import { ArrivingRequest } from "./prompt-runs.js";
import type { Replicas, Router } from "./router.js";

interface Load {
  readonly requests: readonly WorkloadRequest[];
  /** What is there when each of them arrives; replicas that stopped serving never serve again. */
  readonly states: readonly Replicas[];
}

const few = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });

/** Prompts that share beginnings, some of them turns that follow an earlier request. */
const requests: fc.Arbitrary<WorkloadRequest[]> = fc
  .array(
    fc.record({
      shared: few(60),
      own: fc.integer({ min: 1, max: 60 }),
      prefix: few(2),
      outputTokens: fc.integer({ min: 1, max: 40 }),
      after: fc.option(few(30), { nil: undefined }),
      hasContent: fc.constantFrom(true, true, false),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((drawn) => {
    const list: WorkloadRequest[] = [];
    for (const [index, { shared, own, prefix, outputTokens, after, hasContent }] of drawn.entries()) {
      const id = String(index);
      const parent = after === undefined || index === 0 ? undefined : after % index;
      const runs = [[prefix, shared], [100 + 2 * index, own]] as const; // prettier-ignore
      const content = runs.filter(([, tokens]) => tokens > 0);
      if (parent === undefined) {
        const told = hasContent ? { content, answer: [[101 + 2 * index, outputTokens]] as const } : {};
        const turn = { session: index, turn: 0, pauseNs: 0 };
        list.push({ id, promptTokens: shared + own, outputTokens, ...told, ...(index % 2 === 0 ? { turn } : {}) });
        continue;
      }
      const before = list[parent]!;
      const tokens = before.promptTokens + before.outputTokens;
      const turn = before.turn === undefined ? {} : { turn: { ...before.turn, turn: index, after: parent } };
      list.push({ id, promptTokens: tokens + shared + own, outputTokens, content, follows: { index: parent, tokens }, ...turn }); // prettier-ignore
    }
    return list;
  });

const loads: fc.Arbitrary<Load> = fc
  .record({ requests, replicas: fc.integer({ min: 1, max: 5 }), seed: few(1e9) })
  .map(({ requests: list, replicas, seed }) => {
    let state = seed;
    const next = (below: number): number => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) % below;
    let serving = Array.from({ length: replicas }, (_, replica) => replica);
    const states = list.map((): Replicas => {
      const change = next(12);
      if (change === 0 && serving.length > 1) serving = serving.filter((_, at) => at !== 0);
      if (change === 1 && serving.length < 5) serving = [...serving, serving.at(-1)! + 1];
      return { serving, outstanding: Int32Array.from({ length: 60 }, () => next(4)) };
    });
    return { requests: list, states };
  });

/** Replicas chosen for a load; `make` makes a new router. */
function chosen(make: (seed: string) => Router, { requests, states }: Load, seed = "1"): number[] {
  const router = make(seed);
  const arriving = new ArrivingRequest(requests);
  return states.map((replicas, index) => router.route(arriving.at(index), replicas));
}

const RUNS = { numRuns: 200, seed: 20_261_126, endOnFailure: true };
const always = (check: (load: Load) => void): void => {
  fc.assert(fc.property(loads, check), RUNS);
};

/** Declares the tests of one router. */
export function testRouter(name: string, make: (seed: string) => Router): void {
  describe(`the router ${name}`, () => {
    it("sends every request to a replica that serves", () => {
      always((load) => {
        for (const [at, replica] of chosen(make, load).entries()) expect(load.states[at]!.serving).toContain(replica);
      });
    });

    it("chooses the same with the same seed", () => {
      always((load) => {
        expect(chosen(make, load, "a")).toEqual(chosen(make, load, "a"));
      });
    });

    it("leaves the replicas as they are", () => {
      always((load) => {
        const before = JSON.stringify(load.states);
        chosen(make, load);
        expect(JSON.stringify(load.states)).toBe(before);
      });
    });

    it("sends everything to the only replica", () => {
      always(({ requests, states }) => {
        const alone = states.map(({ outstanding }) => ({ serving: [3], outstanding }));
        expect(new Set(chosen(make, { requests, states: alone }))).toEqual(new Set([3]));
      });
    });

    it("does not read the future: later requests and the lengths of answers change no choice", () => {
      always(({ requests, states }) => {
        const followed = new Set(requests.flatMap(({ follows }) => (follows === undefined ? [] : [follows.index])));
        const half = Math.ceil(requests.length / 2);
        const others = requests.slice(0, half).map((request, index) => {
          const outputTokens = request.outputTokens + 7;
          return followed.has(index) ? request : { ...request, outputTokens, answer: [[9, outputTokens]] as const };
        });
        const first = chosen(make, { requests, states }).slice(0, half);
        expect(chosen(make, { requests: others, states: states.slice(0, half) })).toEqual(first);
      });
    });
  });
}
