/** The browser's entry: bundled, it holds nothing of Node and simulates where there is nothing of Node; what it rejects. */
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { ConfigError } from "../formats/index.js";
import { loadProfile } from "../jobs/inputs/index.js";
import { simulate, type SimulatedRun, type SimulateOptions } from "./sim.js";

const profile = loadProfile("mini-cpu-2core");
const load = { dataset_name: "fixed", input_len: 12, output_len: 20, request_rate: 60, num_prompts: 40 } as const;
const options: SimulateOptions = { policy: "naive", settings: { batch_size: 4 }, profile, load };

const told = ({ requests, batches, summary }: SimulatedRun): string => JSON.stringify({ requests, batches, summary });

test("a bundle for the browser has no module of Node in it, and simulates the same run without one", async () => {
  const { outputFiles, metafile, warnings } = await build({
    entryPoints: ["lib/sim.ts"],
    bundle: true,
    platform: "browser",
    format: "iife",
    globalName: "servesim",
    metafile: true,
    write: false,
  });
  expect(warnings).toEqual([]);
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports);
  expect(imports.filter(({ path, external }) => external === true || path.startsWith("node:"))).toEqual([]);
  expect(Object.keys(metafile.inputs).filter((path) => path.startsWith("formats/files/"))).toEqual([]);
  const browser = createContext({ options }) as { run: Promise<SimulatedRun> };
  runInContext(`${outputFiles[0]!.text}\nvar run = servesim.simulate(options);`, browser);
  expect(told(await browser.run)).toBe(told(await simulate(options)));
});

test.each<[what: string, change: Readonly<Record<string, unknown>>, message: RegExp]>([
  ["a policy that is none", { policy: "niave" }, /no policy "niave", did you mean "naive"/],
  ["a setting of another policy", { settings: { max_num_seqs: 4 } }, /settings of naive: max_num_seqs: unknown key/],
  ["a load that is wrong", { load: { ...load, request_rate: -1 } }, /^load: request_rate: got -1/],
  [
    "lengths from a file",
    { load: { ...load, output_len_from: "run" } },
    /load\.output_len_from is a file: import simulate/,
  ],
  ["a load of a fraction of capacity", { load: { utilisation: 0.5 } }, /load\.utilisation is of experiments/],
  [
    "a trace, which is a file",
    { load: { workload: "trace.csv" } },
    /load\.workload is a file: import simulate from "servesim"/,
  ],
  ["no word of what is sent", { load: { request_rate: 9 } }, /nothing says what is sent/],
  ["two words of it", { prompts: ["hello"] }, /got prompts and load\.dataset_name, expected one of them/],
  ["requests of which some have times", { load: {}, requests: [{ prompt_tokens: 1, output_tokens: 1 }, { arrival_ms: 1, prompt_tokens: 1, output_tokens: 1 }] }, /1 of 2 requests have an arrival_ms/], // prettier-ignore
  ["a request without tokens", { load: {}, requests: [{ prompt_tokens: 0, output_tokens: 1 }] }, /requests\[0\]\.prompt_tokens: got 0/], // prettier-ignore
  ["a request that the model cannot hold", { load: {}, requests: [{ prompt_tokens: 4000, output_tokens: 1 }] }, /request 0 has 4000 prompt tokens.*positions/], // prettier-ignore
  ["an unknown option", { sead: 1 }, /simulate: sead: unknown key "sead", did you mean "seed"/],
])("%s is rejected with the remedy", async (_, change, message) => {
  const asked = { ...options, ...change };
  await expect(simulate(asked)).rejects.toThrow(ConfigError);
  await expect(simulate(asked)).rejects.toThrow(message);
});

test("requests can be listed with their times, or timed by the load, or be given as prompts", async () => {
  const requests = [
    { arrival_ms: 500, prompt_tokens: 3, output_tokens: 2 },
    { arrival_ms: 0.5, prompt_tokens: 7, output_tokens: 4 },
  ];
  const timed = await simulate({ ...options, load: {}, requests });
  expect(timed.requests.map(({ arrivalNs, promptTokens }) => [arrivalNs, promptTokens])).toEqual([
    [500_000, 7],
    [500_000_000, 3],
  ]);
  const untimed = requests.map(({ prompt_tokens, output_tokens }) => ({ prompt_tokens, output_tokens }));
  const closed = await simulate({ ...options, load: { max_concurrency: 1 }, requests: untimed });
  expect(closed.requests[1]!.sentNs).toBe(closed.requests[0]!.lastTokenNs);
  const prompts = await simulate({ ...options, load: { output_len: 5 }, prompts: ["The capital of France is"] });
  expect(prompts.requests).toMatchObject([{ promptTokens: 5, outputTokens: 5 }]);
});
