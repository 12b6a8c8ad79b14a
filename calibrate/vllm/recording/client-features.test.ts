import type { RequestRecord, Run } from "../../../formats/index.js";
import { chunkGapsMs, loadFeatures, probeFeatures, type Feature } from "./client-features.js";

/** `ttftMs` to the first token, then a token every `tpotMs`. */
function request(id: string, ttftMs: number, tpotMs: number, outputTokens = 5): RequestRecord {
  const firstTokenNs = ttftMs * 1e6;
  return {
    requestId: id,
    arrivalNs: 0,
    firstTokenNs,
    lastTokenNs: firstTokenNs + (outputTokens - 1) * tpotMs * 1e6,
    promptTokens: 10,
    outputTokens,
    status: "ok",
  };
}

const valueOf = (features: readonly Feature[], name: string): number | undefined =>
  features.find((feature) => feature.name === name)?.ms;

test("a load is described by means and quantiles; answers of one token have no time per output token", () => {
  const features = loadFeatures([request("a", 10, 4), request("b", 30, 6), request("c", 20, 0, 1)]);
  expect(valueOf(features, "ttft mean")).toBeCloseTo(20, 9);
  expect(valueOf(features, "ttft p50")).toBeCloseTo(20, 9);
  expect(valueOf(features, "tpot mean")).toBeCloseTo(5, 9);
  expect(valueOf(features, "e2el mean")).toBeCloseTo((26 + 54 + 20) / 3, 9);
  expect(loadFeatures([request("c", 20, 0, 1)]).some(({ name }) => name.startsWith("tpot"))).toBe(false);
});

test("probes are described by the medians of their groups; a group of one, and what is in none, tells nothing", () => {
  const groups: Record<string, string> = { a: "prefill-p10-o5", b: "prefill-p10-o5", c: "decode-b2-c10", d: "decode-b2-c10", e: "mixed-b1" }; // prettier-ignore
  const requests = [request("a", 10, 4), request("b", 12, 4), request("c", 50, 6), request("d", 50, 8), request("e", 1, 1), request("f", 1, 1)]; // prettier-ignore
  const features = probeFeatures(requests, (id) => groups[id] ?? "");
  expect(features.map(({ name, ms }) => [name, Math.round(1e6 * ms) / 1e6])).toEqual([
    ["prefill-p10-o5 ttft", 11],
    ["decode-b2-c10 ttft", 50],
    ["decode-b2-c10 tpot", 7],
  ]);
});

test("gaps between chunks are those of answers whose every token came by itself", () => {
  const whole: RequestRecord = { ...request("a", 10, 4, 3), extra: { chunk_ms: "10;14;19" } };
  const merged: RequestRecord = { ...request("b", 10, 4, 4), extra: { chunk_ms: "10;18" } };
  const run = { requests: [whole, merged, request("c", 10, 4)] } as unknown as Run;
  expect([...chunkGapsMs(run)]).toEqual([4, 5]);
});
