import { loadSchema, type WorkloadRequest } from "../../formats/index.js";
import { workloadFromLengths } from "../workload/index.js";
import { mixOf } from "./mix.js";

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
