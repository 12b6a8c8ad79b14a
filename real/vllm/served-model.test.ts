/** Which engine answers: as it says itself, or by vLLM's own metrics. */
import { startFakeVllm, type FakeVllm, type FakeVllmOptions } from "../../test/support/fake-vllm.js";
import { benchVllm } from "./index.js";
import { findServedModel } from "./served-model.js";

let server: FakeVllm | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

const engineOf = async (options: FakeVllmOptions): Promise<string> => {
  server = await startFakeVllm(options);
  return (await findServedModel(server.baseUrl)).engine;
};

test.each<[string, FakeVllmOptions, string]>([
  ["says that it is vLLM", { ownedBy: "vllm" }, "vllm"],
  ["says nothing, and answers to /version", {}, "vllm"],
  ["says that it is another", { ownedBy: "SGLang" }, "sglang"],
  [
    "is vLLM behind a gateway of another name",
    { ownedBy: "openai", metrics: () => "vllm:num_requests_running 0\n" },
    "vllm",
  ],
  ["says nothing, and not a version either", { version: null }, "unknown"],
])("a server that %s", async (_, options, expected) => {
  expect(await engineOf(options)).toBe(expected);
});

test("a run on another engine is recorded under its name, with a note, and not as one of vLLM", async () => {
  server = await startFakeVllm({ ownedBy: "sglang" });
  const requests = Array.from({ length: 3 }, (_, index) => ({ id: String(index), promptTokens: 4, outputTokens: 2 }));
  const { info } = await benchVllm({
    baseUrl: server.baseUrl,
    workload: { requests, maxConcurrency: 1, thinkNs: 0 },
    load: { kind: "closed_loop" },
    seed: "1",
    date: "2026-01-01T00:00:00.000Z",
  });
  expect([info.engine.name, info.policy]).toEqual(["sglang", "sglang"]);
  expect(info.notes).toContainEqual(expect.stringMatching(/engine "sglang".*no profile or simulation/));
});
