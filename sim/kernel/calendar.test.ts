import fc from "fast-check";
import { ConfigError, InvariantError } from "../../formats/index.js";
import { Calendar, exponential, gamma, normal, stream } from "./index.js";

test("events come by time, then class, then order of scheduling", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(20), fc.nat(3)), { maxLength: 200 }), (events) => {
      const calendar = new Calendar();
      events.forEach(([timeNs, eventClass], payload) => {
        calendar.schedule(timeNs, eventClass, payload);
      });
      const taken: number[] = [];
      while (calendar.advance()) taken.push(calendar.payload);
      const expected = events
        .map(([timeNs, eventClass], index) => ({ timeNs, eventClass, index }))
        .sort((a, b) => a.timeNs - b.timeNs || a.eventClass - b.eventClass || a.index - b.index)
        .map(({ index }) => index);
      expect(taken).toEqual(expected);
    }),
  );
});

test("an event beyond 104 days is a mistake of the user's, who gets an error that says so", () => {
  expect(() => {
    new Calendar().schedule(2 ** 53 + 2, 1);
  }).toThrow(ConfigError);
});

test("an event scheduled while events are taken still comes in its place", () => {
  const calendar = new Calendar();
  calendar.schedule(10, 1, 1);
  calendar.schedule(30, 1, 3);
  calendar.advance();
  calendar.schedule(10, 2, 2);
  const taken: number[] = [];
  while (calendar.advance()) taken.push(calendar.payload);
  expect(taken).toEqual([2, 3]);
});

test.each([NaN, Infinity, -1, 0.5])("a time of %p ns is rejected", (timeNs) => {
  expect(() => {
    new Calendar().schedule(timeNs, 0);
  }).toThrow(InvariantError);
});

test("time never goes back", () => {
  const calendar = new Calendar();
  calendar.schedule(10, 0);
  calendar.advance();
  expect(() => {
    calendar.schedule(9, 0);
  }).toThrow("scheduled for 9 ns at 10 ns");
});

test("an empty calendar has no next event and does not advance", () => {
  const calendar = new Calendar();
  expect([calendar.nextNs, calendar.nextClass, calendar.advance()]).toEqual([Infinity, Infinity, false]);
});

test("streams of one name are equal, of two names are not", () => {
  const draw = (name: string): number[] => Array.from({ length: 5 }, stream(name));
  expect(draw("7/0/arrivals")).toEqual(draw("7/0/arrivals"));
  expect(draw("7/0/arrivals")).not.toEqual(draw("7/1/arrivals"));
  expect(draw("1/0/arrivals")[0]).toBe(0.07958051400757149);
});

test.each([
  ["exponential", (random: () => number) => exponential(random), 1, 1],
  ["normal", (random: () => number) => normal(random), 0, 1],
  ["gamma of shape 0.25", (random: () => number) => gamma(random, 0.25), 0.25, 0.25],
  ["gamma of shape 4", (random: () => number) => gamma(random, 4), 4, 4],
] as const)("%s has its mean and variance", (_name, draw, mean, variance) => {
  const random = stream("test/0/moments");
  const values = Array.from({ length: 200_000 }, () => draw(random));
  const got = values.reduce((sum, value) => sum + value, 0) / values.length;
  const spread = values.reduce((sum, value) => sum + (value - got) ** 2, 0) / values.length;
  expect(Math.abs(got - mean)).toBeLessThan(0.03);
  expect(Math.abs(spread - variance)).toBeLessThan(0.03 * Math.max(1, variance) + 0.02);
});
