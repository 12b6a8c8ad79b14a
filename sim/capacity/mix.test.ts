import { loadSchema, type WorkloadRequest } from "../../formats/index.js";
import type { RouterName } from "../router/index.js";
import { workloadFromLengths } from "../workload/index.js";
import { everyOf, mixOf } from "./mix.js";

const sizes = (requests: readonly WorkloadRequest[]) => requests.map(({ promptTokens, outputTokens }) => [promptTokens, outputTokens]); // prettier-ignore

test("a drawn load is continued to what stands for its distribution; one that is as long stands for it itself", () => {
  const drawn = { dataset_name: "random", random_input_len: 200, random_output_len: 100, random_range_ratio: 0.5 };
  const of = (count: number) => {
    const load = loadSchema.parse({ ...drawn, num_prompts: count, request_rate: 10 });
    const workload = workloadFromLengths(load, "1");
    return { workload, mix: mixOf({ load, workload, seed: "1" }) };
  };
  const [short, long] = [of(100), of(20_000)];
  expect(long.mix.population).toBe(long.workload.requests);
  expect(sizes(short.mix.population)).toEqual(sizes(long.workload.requests));
  expect(sizes(short.mix.take(300))).toEqual(sizes(long.mix.take(300)));
});

test("a replica sees every so many-th prompt of a list, or prompts as alike as the list's where the router keeps them together", () => {
  const requests = Array.from({ length: 60 }, (_, index): WorkloadRequest => {
    return { id: String(index), promptTokens: 100, outputTokens: 1, content: [[index % 7, 100]] };
  });
  const load = loadSchema.parse({ workload: "topics.csv" });
  const workload = { requests, maxConcurrency: Infinity, thinkNs: 0 };
  const ids = (router: RouterName): string[] => {
    const mix = mixOf({ load, workload, seed: "1" }, everyOf({ replicas: 10, router }));
    return mix.take(4).map(({ id }) => id);
  };
  for (const router of ["session-affinity", "prefix-aware"] as const) expect(ids(router)).toEqual(["0", "1", "2", "3"]);
  for (const router of ["round-robin", "power-of-two"] as const) expect(ids(router)).toEqual(["0", "10", "20", "30"]);
});
