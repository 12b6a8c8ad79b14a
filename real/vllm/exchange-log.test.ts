import { ExchangeLog } from "./exchange-log.js";
import type { SentExchange } from "./client/run-load.js";

/** Times as a real clock gives them, with all that may be there or not. */
function exchange(index: number): SentExchange {
  const isFailed = index % 7 === 3;
  const queuedNs = 123_456_789_012_345 + index * 1_000_003;
  const chunks = isFailed ? 0 : 1 + (index % 5);
  return {
    index,
    intendedNs: queuedNs - 17,
    queuedNs,
    sentNs: index % 2 === 0 ? queuedNs + 5 : undefined,
    headersNs: undefined,
    chunkNs: Array.from({ length: chunks }, (_, chunk) => queuedNs + 1_000_001 * (chunk + 1)),
    chunkTokens: index % 3 === 0 ? Array.from({ length: chunks }, () => 2) : [],
    endNs: queuedNs + 9e9,
    promptTokens: 10,
    cachedTokens: undefined,
    outputTokens: chunks,
    finishReason: "length",
    serverTimes: undefined,
    text: "α".repeat(index % 50),
    failure: isFailed ? { kind: "timeout", message: `no answer ${index}` } : undefined,
  };
}

test.each([
  ["in memory", Infinity],
  ["in a file", 0],
])("what was packed %s comes back as it was, in the order of the workload", (_, maxInMemory) => {
  const count = 3_000;
  const log = new ExchangeLog(count + 5, maxInMemory);
  // They end in another order than they were sent, and some never do.
  const ended = Array.from({ length: count }, (__, at) => (at * 7) % count).filter((index) => index % 11 !== 0);
  for (const index of ended) log.add(exchange(index));
  const wanted = ended.sort((a, b) => a - b).map(exchange);
  expect(log.count).toBe(wanted.length);
  expect([...log]).toEqual(wanted);
  expect([...log.places()]).toEqual(wanted.map(({ index }) => index));
  expect(log.of(1)).toEqual(exchange(1));
  expect([log.of(0), log.of(count + 4), log.of(count + 99)]).toEqual([undefined, undefined, undefined]);
  expect(log.gaps).toBe(wanted.reduce((sum, { chunkNs }) => sum + Math.max(0, chunkNs.length - 1), 0));
});

test("one exchange may be longer than a piece", () => {
  const long = { ...exchange(1), text: "x".repeat(2 ** 20) };
  const log = new ExchangeLog(3, 0);
  for (const one of [exchange(0), long, exchange(2)]) log.add(one);
  expect([...log]).toEqual([exchange(0), long, exchange(2)]);
});
