import { defined, type RequestRecord, type Run } from "../../formats/index.js";
import { smallRun } from "../../test/support/small-run.js";
import { withoutNetwork } from "./without-network.js";

const MS = 1e6;

/** As a client sees it that is `farMs` away, there and back, and opened a connection for `connectMs`. */
function seen(id: string, atMs: number, { farMs, connectMs }: { farMs: number; connectMs: number }): RequestRecord {
  const sentMs = atMs + connectMs;
  return {
    requestId: id,
    arrivalNs: atMs * MS,
    sentNs: sentMs * MS,
    firstTokenNs: (sentMs + 20 + farMs) * MS,
    lastTokenNs: (sentMs + 45 + farMs) * MS,
    promptTokens: 10,
    outputTokens: 3,
    status: "ok",
    extra: { chunk_ms: [20, 30.5, 45].map((ms) => ms + farMs).join(";"), chunks: "3" },
  };
}

const far = (network: object | undefined): Run =>
  smallRun([seen("a", 0, { farMs: 12, connectMs: 12 }), seen("b", 100, { farMs: 12, connectMs: 0 })], {
    ...defined({ network }),
  });

test("the round trip and the opening of connections are taken off: what is left is the server's", () => {
  const { requests, info } = withoutNetwork(far({ round_trip_ms: 12, connects: 21 }));
  expect(requests).toEqual([seen("a", 12, { farMs: 0, connectMs: 0 }), seen("b", 100, { farMs: 0, connectMs: 0 })]);
  expect(info).toMatchObject({ network: { round_trip_ms: 12, connects: 21, is_taken_off: true } });
});

test("a run is changed once, and not at all where no round trip was measured", () => {
  const once = withoutNetwork(far({ round_trip_ms: 12, connects: 21 }));
  expect(withoutNetwork(once)).toBe(once);
  const unknown = far(undefined);
  expect(withoutNetwork(unknown)).toBe(unknown);
});

test("no chunk comes before its request was sent, though a round trip was shorter than usual", () => {
  const { requests } = withoutNetwork(far({ round_trip_ms: 40 }));
  for (const { sentNs, firstTokenNs, lastTokenNs } of requests) {
    expect(firstTokenNs).toBe(sentNs);
    expect(lastTokenNs).toBeGreaterThan(firstTokenNs!);
  }
});
