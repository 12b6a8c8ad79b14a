import { startFakeVllm } from "../../../test/support/fake-vllm.js";
import { measureNetwork } from "./network.js";

test("a round trip is timed by connects alone: a server that is slow to answer is no longer way", async () => {
  const server = await startFakeVllm({ answerMs: 1_000 });
  try {
    const { round_trip_ms, connects } = await measureNetwork(server.baseUrl);
    expect(connects).toBe(21);
    expect(round_trip_ms).toBeGreaterThan(0);
    expect(round_trip_ms).toBeLessThan(1_000);
    expect(server.received).toHaveLength(0);
  } finally {
    await server.close();
  }
});

test("a port where nothing listens is reported", async () => {
  const server = await startFakeVllm();
  const { baseUrl } = server;
  await server.close();
  await expect(measureNetwork(baseUrl)).rejects.toThrow(`no connection to ${baseUrl}`);
});
