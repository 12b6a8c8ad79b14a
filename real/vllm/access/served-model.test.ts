/** Which engine answers: as it says itself, or by vLLM's own metrics. */
import { startFakeVllm, type FakeVllm, type FakeVllmOptions } from "../../../test/support/fake-vllm.js";
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
  ["says that it is another", { ownedBy: "Acme" }, "acme"],
  [
    "is vLLM behind a gateway of another name",
    { ownedBy: "openai", metrics: () => "vllm:num_requests_running 0\n" },
    "vllm",
  ],
  ["says nothing, and not a version either", { version: null }, "unknown"],
])("a server that %s", async (_, options, expected) => {
  expect(await engineOf(options)).toBe(expected);
});
