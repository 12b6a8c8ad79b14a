/** The front end by hand, in ns: 10 and the prompt a request, then hops of 5; an output 20, 1 a token, 2 a chunk, 7 a first token. */
import fc from "fast-check";
import type { FrontEndCost } from "../../cost/index.js";
import { FrontEnd, type OutputToSend } from "./front-end.js";

function cost(hops: number, gapNs: number): FrontEndCost {
  return {
    acceptNs: 0,
    deliveryNs: 0,
    requestNs: (promptTokens) => 10 + promptTokens,
    hops,
    hopNs: () => 5,
    hopGapNs: () => gapNs,
    outputNs: ({ tokens, chunks, firstTokens }) => 20 + tokens + 2 * chunks + 7 * firstTokens,
    restNs: () => 0,
    firstWaitNs: () => 0,
  };
}

interface NamedOutput extends OutputToSend {
  readonly name: string;
}

/** An output; one whose name ends with ! completes a request. */
function output(name: string, tokens: number, firstTokens: number): NamedOutput {
  return { name, tokens, firstTokens, completes: name.endsWith("!") };
}

/** Of the requests of a test, by index. */
const promptTokens = new Int32Array(100);

function arrive(frontEnd: FrontEnd<NamedOutput>, index: number, tokens: number, atNs: number): void {
  promptTokens[index] = tokens;
  frontEnd.arrive(index, atNs);
}

/** A front end and what came out of it, as "what at time". */
function build(hops = 2, gapNs = 0): { readonly frontEnd: FrontEnd<NamedOutput>; readonly out: string[] } {
  const out: string[] = [];
  const frontEnd = new FrontEnd<NamedOutput>(cost(hops, gapNs), promptTokens, {
    requestReady: (index, _arrivedNs, atNs) => out.push(`request ${index} at ${atNs}`),
    delivered: ({ name }, atNs) => out.push(`${name} at ${atNs}`),
  });
  return { frontEnd, out };
}

/** All up to `atNs`, however often the front end stops on the way. */
function runTo(frontEnd: FrontEnd<NamedOutput>, atNs: number): void {
  while (frontEnd.runUntil(atNs));
}

describe("a request", () => {
  it("is handled, then goes round the event loop", () => {
    const { frontEnd, out } = build();
    arrive(frontEnd, 0, 4, 100);
    expect(frontEnd.nextNs()).toBe(100);
    // 14 for the handling, two hops of 5.
    runTo(frontEnd, 123);
    expect([out, frontEnd.nextNs()]).toEqual([[], 124]);
    runTo(frontEnd, 124);
    expect([out, frontEnd.nextNs()]).toEqual([["request 0 at 124"], Infinity]);
  });

  it("is ready once handled where there are no hops", () => {
    const { frontEnd, out } = build(0);
    arrive(frontEnd, 0, 4, 100);
    runTo(frontEnd, 1000);
    expect(out).toEqual(["request 0 at 114"]);
  });

  it("waits behind all that is there, at each hop", () => {
    const { frontEnd, out } = build();
    arrive(frontEnd, 0, 4, 100);
    arrive(frontEnd, 1, 6, 101);
    runTo(frontEnd, 1000);
    // 0: 100 to 114, 1: to 130, hops of 0, 1, 0, 1.
    expect(out).toEqual(["request 0 at 145", "request 1 at 150"]);
  });

  it("is away before each hop where there is a gap, and lets others by", () => {
    const { frontEnd, out } = build(2, 8);
    arrive(frontEnd, 0, 4, 100);
    frontEnd.send(output("a", 1, 0), 115);
    runTo(frontEnd, 114);
    // Handled until 114, away until 122; a's 23 until 138; hop until 143, away until 151, hop until 156.
    expect([frontEnd.nextNs(), frontEnd.isFreeBy(1000)]).toEqual([115, false]);
    runTo(frontEnd, 1000);
    expect(out).toEqual(["a at 138", "request 0 at 156"]);
  });

  it("never overtakes one before it on the way to a hop, however short its own gap", () => {
    const gaps = [40, 1];
    const out: string[] = [];
    const frontEnd = new FrontEnd<NamedOutput>({ ...cost(1, 0), hopGapNs: () => gaps.shift()! }, promptTokens, {
      requestReady: (index, _, atNs) => out.push(`request ${index} at ${atNs}`),
      delivered: () => undefined,
    });
    arrive(frontEnd, 0, 0, 100);
    arrive(frontEnd, 1, 0, 101);
    runTo(frontEnd, 1000);
    expect(out).toEqual(["request 0 at 155", "request 1 at 160"]);
  });

  it("that comes later starts anew after an idle spell", () => {
    const { frontEnd, out } = build(0);
    arrive(frontEnd, 0, 0, 100);
    arrive(frontEnd, 1, 0, 500);
    runTo(frontEnd, 1000);
    expect(out).toEqual(["request 0 at 110", "request 1 at 510"]);
  });
});

describe("an output", () => {
  it("takes its time by tokens, first ones longer", () => {
    const { frontEnd, out } = build();
    frontEnd.send(output("a", 2, 1), 100);
    runTo(frontEnd, 1000);
    expect(out).toEqual(["a at 133"]);
  });

  it("is handled together with those that wait with it, at the end of all", () => {
    const { frontEnd, out } = build(0);
    arrive(frontEnd, 0, 0, 95);
    frontEnd.send(output("a", 2, 1), 100);
    frontEnd.send(output("b", 1, 0), 105);
    runTo(frontEnd, 1000);
    // The request is handled until 105; then 20 + 3 + 7, and two chunks: b's token goes with one of a's.
    expect(out).toEqual(["request 0 at 105", "a at 139", "b at 139"]);
  });

  it("that comes while another is handled is a job of its own", () => {
    const { frontEnd, out } = build();
    frontEnd.send(output("a", 1, 0), 100);
    frontEnd.send(output("b", 1, 0), 110);
    runTo(frontEnd, 1000);
    expect(out).toEqual(["a at 123", "b at 146"]);
  });

  it("joins the outputs that wait, before requests that came between them", () => {
    const { frontEnd, out } = build(0);
    arrive(frontEnd, 0, 0, 90);
    frontEnd.send(output("a", 1, 0), 91);
    arrive(frontEnd, 1, 0, 92);
    frontEnd.send(output("b", 1, 0), 93);
    runTo(frontEnd, 1000);
    expect(out).toEqual(["request 0 at 100", "a at 124", "b at 124", "request 1 at 134"]);
  });

  it("comes before a request of the same instant", () => {
    const { frontEnd, out } = build(0);
    arrive(frontEnd, 0, 0, 100);
    frontEnd.send(output("a", 1, 0), 100);
    runTo(frontEnd, 1000);
    expect(out).toEqual(["a at 123", "request 0 at 133"]);
  });

  it("with which a request is complete stops the run, which goes on when asked again", () => {
    const { frontEnd, out } = build();
    frontEnd.send(output("a", 1, 0), 100);
    frontEnd.send(output("b!", 1, 0), 105);
    frontEnd.send(output("c", 1, 0), 147);
    expect(frontEnd.runUntil(1000)).toBe(true);
    expect(out).toEqual(["a at 123", "b! at 146"]);
    expect(frontEnd.runUntil(1000)).toBe(false);
    expect(out.at(-1)).toBe("c at 170");
  });
});

describe("a jump over outputs", () => {
  it("is possible when nothing else is there, or one output that ends in time", () => {
    const { frontEnd } = build();
    expect(frontEnd.isFreeBy(0)).toBe(true);
    frontEnd.send(output("a", 1, 0), 100);
    expect(frontEnd.isFreeBy(1000)).toBe(false);
    runTo(frontEnd, 100);
    expect([frontEnd.isFreeBy(122), frontEnd.isFreeBy(123)]).toEqual([false, true]);
    arrive(frontEnd, 0, 0, 110);
    expect(frontEnd.isFreeBy(123)).toBe(false);
  });

  it("is not possible while an output is in service with which a request is complete", () => {
    const { frontEnd } = build();
    frontEnd.send(output("a!", 1, 0), 100);
    runTo(frontEnd, 100);
    expect(frontEnd.isFreeBy(1000)).toBe(false);
  });

  it("is not possible while a request is handled", () => {
    const { frontEnd } = build();
    arrive(frontEnd, 0, 0, 100);
    runTo(frontEnd, 100);
    expect(frontEnd.isFreeBy(1000)).toBe(false);
  });

  it("lets no request that is known before outputs that come earlier", () => {
    const { frontEnd, out } = build(0);
    frontEnd.send(output("a", 1, 0), 100);
    runTo(frontEnd, 100);
    arrive(frontEnd, 0, 0, 120);
    frontEnd.endOutput();
    frontEnd.send(output("b", 1, 0), 110);
    runTo(frontEnd, 1000);
    // "a" until 123, then "b", and the request last.
    expect(out).toEqual(["a at 123", "b at 146", "request 0 at 156"]);
  });

  it("ends the output in service and keeps the server busy until the last one's end", () => {
    const { frontEnd, out } = build(0);
    frontEnd.send(output("a", 1, 0), 100);
    runTo(frontEnd, 100);
    frontEnd.endOutput();
    expect(out).toEqual(["a at 123"]);
    expect(frontEnd.busyNs).toBe(23);
    frontEnd.skipTo(500, 300);
    arrive(frontEnd, 0, 0, 450);
    runTo(frontEnd, 1000);
    expect(out.at(-1)).toBe("request 0 at 510");
    expect(frontEnd.busyNs).toBe(23 + 300 + 10);
  });
});

test("everything comes out once, in the order in which it came in, however far each run goes", () => {
  const events = fc.array(
    fc.record({
      gapNs: fc.oneof(fc.constant(0), fc.nat(40), fc.nat(400)),
      isOutput: fc.boolean(),
      size: fc.integer({ min: 1, max: 9 }),
      pauseNs: fc.nat(60),
    }),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(events, fc.nat(4), fc.constantFrom(0, 7), fc.boolean(), (drawn, hops, gapNs, isStepwise) => {
      const run = (pauses: boolean): string[] => {
        const { frontEnd, out } = build(hops, gapNs);
        let nowNs = 0;
        drawn.forEach(({ gapNs, isOutput, size, pauseNs }, index) => {
          // Stops on the way must not matter: each before the next thing comes in.
          if (pauses && pauseNs < gapNs) runTo(frontEnd, nowNs + pauseNs);
          nowNs += gapNs;
          if (isOutput) frontEnd.send(output(`output ${index}`, size, 1), nowNs);
          else arrive(frontEnd, index, size, nowNs);
        });
        runTo(frontEnd, Infinity);
        return out;
      };
      const out = run(isStepwise);
      expect(out).toEqual(run(false));
      const named = (kind: string): number[] =>
        out.flatMap((line) => (line.startsWith(kind) ? [Number(line.split(" ")[1])] : []));
      const given = (isOutput: boolean): number[] =>
        drawn.flatMap((event, index) => (event.isOutput === isOutput ? [index] : []));
      expect(named("output")).toEqual(given(true));
      expect(named("request")).toEqual(given(false));
      const timesNs = out.map((line) => Number(line.split(" at ")[1]));
      expect(timesNs.every((atNs, at) => at === 0 || atNs >= timesNs[at - 1]!)).toBe(true);
    }),
    { numRuns: 500, seed: 20_251_124 },
  );
});

describe("no request ends", () => {
  it("before the output that completes it has arrived and had its turn; then before it is reported", () => {
    const { frontEnd, out } = build();
    frontEnd.send(output("a", 1, 0), 100);
    expect(frontEnd.quietUntilNs()).toBe(Infinity);
    runTo(frontEnd, 100);
    frontEnd.send(output("b!", 1, 0), 110);
    // a takes 23; from 123 on b does.
    expect(frontEnd.quietUntilNs()).toBe(123);
    runTo(frontEnd, 123);
    expect(frontEnd.quietUntilNs()).toBe(146);
    runTo(frontEnd, 146);
    expect([out, frontEnd.quietUntilNs()]).toEqual([["a at 123", "b! at 146"], Infinity]);
  });

  it("while that output is still on its way, whatever the front end does in the meantime", () => {
    const { frontEnd } = build(0);
    arrive(frontEnd, 0, 4, 100);
    frontEnd.send(output("a!", 1, 0), 200);
    expect([frontEnd.nextNs(), frontEnd.quietUntilNs()]).toEqual([100, 200]);
  });
});
