/** Other engines than vLLM: told apart by what their servers really say, measured under their own names. */
import { llamaCpp, sglang, tensorrtLlm } from "../../../test/support/fake-engines.js";
import { startFakeVllm, type FakeVllm, type FakeVllmOptions } from "../../../test/support/fake-vllm.js";
import type { Run } from "../../../formats/index.js";
import { engineFacts, engineTitle } from "./engines.js";
import { benchVllm, type BenchVllmInput } from "../index.js";
import { findServedModel } from "./served-model.js";
import { readServerSettings } from "../server/index.js";

let server: FakeVllm;
afterEach(() => server.close());

const start = async (options: FakeVllmOptions): Promise<string> => {
  server = await startFakeVllm(options);
  return server.baseUrl;
};

const without = (options: FakeVllmOptions): FakeVllmOptions => ({ ...options, ownedBy: "" });
const older = ({ serverInfo, ...options }: FakeVllmOptions): FakeVllmOptions => ({
  ...options,
  pages: { "/get_server_info": serverInfo! },
});

test.each<[string, FakeVllmOptions, string]>([
  ["SGLang by its name", sglang, "sglang"],
  ["SGLang by its page", without(sglang), "sglang"],
  ["SGLang by the page of older releases", older(without(sglang)), "sglang"],
  ["SGLang behind a gateway, by its metrics", { ownedBy: "openai", metrics: () => "sglang:num_running_reqs 0\n" }, "sglang"], // prettier-ignore
  ["TensorRT-LLM by its name", tensorrtLlm, "tensorrt_llm"],
  ["TensorRT-LLM by its metrics", without(tensorrtLlm), "tensorrt_llm"],
  ["llama.cpp by its name", llamaCpp, "llamacpp"],
  ["llama.cpp by its page", without(llamaCpp), "llamacpp"],
  ["llama.cpp by its metrics", { version: null, metrics: () => "llamacpp:requests_processing 0\n" }, "llamacpp"],
  ["vLLM in dev mode behind a gateway", { ownedBy: "acme", serverInfo: { vllm_config: {} } }, "vllm"],
  ["one that is not known, by the name it has for itself", { ownedBy: "LMDeploy", version: null }, "lmdeploy"],
])("%s", async (_, options, engine) => {
  expect((await findServedModel(await start(options))).engine).toBe(engine);
});

test.each<[string, FakeVllmOptions, object]>([
  [
    "SGLang 0.5.3.post1",
    sglang,
    {
      chunked_prefill_size: 8192,
      disable_radix_cache: false,
      max_running_requests: 256,
      max_total_num_tokens: 400_000,
      mem_fraction_static: 0.88,
      schedule_policy: "fcfs",
      tp_size: 2,
    },
  ],
  ["TensorRT-LLM 1.2.0", tensorrtLlm, {}],
  ["llama.cpp b8681-cd08fc3e", llamaCpp, { n_ctx: 8192, total_slots: 4 }],
])(
  "%s says its version and, by its own names, its settings; nothing else of it is kept",
  async (said, options, own) => {
    const url = await start(options);
    const { version, settings } = await engineFacts(url, options.ownedBy!);
    expect(`${engineTitle(options.ownedBy!)} ${version!}`).toBe(said);
    expect(settings).toEqual(own);
    const read = await readServerSettings(url);
    expect(read).toMatchObject({ engine: options.ownedBy, version, ownSettings: own, unknown: [], isDevMode: false });
    expect(JSON.stringify(read)).not.toContain("a key");
  },
);

const bench = (baseUrl: string, change: Partial<BenchVllmInput> = {}): Promise<Run> => {
  const requests = Array.from({ length: 3 }, (_, index) => ({ id: String(index), promptTokens: 4, outputTokens: 2 }));
  return benchVllm({
    baseUrl,
    workload: { requests, maxConcurrency: 1, thinkNs: 0 },
    load: { kind: "closed_loop" },
    seed: "1",
    date: "2026-01-01T00:00:00.000Z",
    ...change,
  });
};

test.each<[string, FakeVllmOptions, RegExp]>([
  ["sglang", sglang, /^measured on SGLang 0\.5\.3\.post1, not on vLLM: no profile or simulation applies to this run$/],
  ["tensorrt_llm", tensorrtLlm, /^measured on TensorRT-LLM 1\.2\.0, not on vLLM/],
  ["llamacpp", llamaCpp, /^measured on llama\.cpp b8681-cd08fc3e, not on vLLM/],
])("a run on %s has every answer, its engine's name and version, and a note", async (engine, options, note) => {
  const { info, requests } = await bench(await start(options));
  expect(info.engine).toMatchObject({ name: engine, version: expect.any(String) as string });
  expect(info.policy).toBe(engine);
  expect(requests.map(({ status, promptTokens, outputTokens }) => [status, promptTokens, outputTokens])).toEqual(
    Array(3).fill(["ok", 4, 2]),
  );
  expect(info.notes).toContainEqual(expect.stringMatching(note));
});

test("cache_salt goes to those that know it; the others' runs say what follows", async () => {
  const salted = async (options: FakeVllmOptions): Promise<[boolean, boolean]> => {
    const { info } = await bench(await start(options));
    await server.close();
    const isSaid = (info.notes ?? []).some((note) => note.includes("takes no cache_salt"));
    return ["cache_salt" in server.received.at(-1)!.body, isSaid];
  };
  expect(await salted({ ownedBy: "vllm" })).toEqual([true, false]);
  expect(await salted(sglang)).toEqual([true, false]);
  expect(await salted(tensorrtLlm)).toEqual([false, true]);
  expect(await salted(llamaCpp)).toEqual([false, true]);
});

test("what an engine lacks, or reads otherwise than vLLM, is rejected before anything is sent", async () => {
  const url = await start(tensorrtLlm);
  await expect(bench(url, { returnTokenIds: true })).rejects.toThrow(
    /^return_token_ids: TensorRT-LLM has no such field/,
  );
  const requests = [{ id: "0", promptTokens: 4, outputTokens: 2, priority: 1 }];
  const workload = { requests, maxConcurrency: 1, thinkNs: 0 };
  await expect(bench(url, { workload })).rejects.toThrow(
    /^priority: TensorRT-LLM ranks requests differently from vLLM/,
  );
  expect(server.received).toEqual([]);
});
