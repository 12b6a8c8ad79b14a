/** Capacity against recorded runs of the 8B server: for goals between two of them, both lie on their sides of the answer. */
import { existsSync } from "node:fs";
import { loadSchema, parseSlos } from "../../../formats/index.js";
import { readProfile } from "../../../formats/files/index.js";
import { findCapacity, type CapacityFound } from "./capacity.js";
import { readSource, type Vary } from "../load/load-source.js";

const recordings = "../shared/data/vllm-h100/llama8b";
const isThere = existsSync(recordings);
if (!isThere) console.warn(`no recordings in ${recordings}: capacity is not tested against them`);
const whenThere = isThere ? test : test.skip;

/** The requests of a recording, sent at rates, or by clients, that are looked for. */
async function capacity(recording: string, slo: string, vary: Vary): Promise<CapacityFound> {
  const load = loadSchema.parse({ workload: `${recordings}/${recording}/requests.csv.gz`, self_timed: false });
  const deployment = {
    policy: { name: "vllm", settings: {} },
    profile: readProfile("profiles/h100-llama-3.1-8b-vllm-0.26.json"),
    load,
    source: await readSource(load, undefined, vary),
    vary,
    goals: { slos: parseSlos(slo) },
    seed: "1",
    jitter: undefined,
    engine: "fast",
    replicas: 1,
    router: "round-robin",
  } as const;
  return findCapacity(deployment, { workers: 1, replications: 10 });
}

/** Poisson arrivals, requests/s; as recorded: mean tpot 7.8 to 8.0 and 10.4 to 10.6 ms, P95 ttft 69 to 85 and 109 to 116 ms. */
const [lightPerS, mediumPerS] = [13.31, 28.66];

whenThere.each(["mean_tpot:9.2", "p95_ttft:97"])(
  "within %s, met at light load and missed at medium, capacity lies between, and the light load is safe",
  async (slo) => {
    const { value, interval } = await capacity("poisson-medium-r1", slo, "request_rate");
    expect(interval![0]).toBeGreaterThan(lightPerS);
    expect(value).toBeLessThan(mediumPerS);
  },
);

whenThere(
  "within mean_tpot:14, met at medium load, capacity lies above it and below what the full server served",
  async () => {
    const { value } = await capacity("poisson-medium-r1", "mean_tpot:14", "request_rate");
    expect(value).toBeGreaterThan(mediumPerS);
    expect(value).toBeLessThan(55);
  },
);

whenThere("within mean_tpot:10, met by 10 clients and missed by 128, the number of clients lies between", async () => {
  const { interval } = await capacity("capacity-c128-r1", "mean_tpot:10", "max_concurrency");
  expect(interval![0]).toBeGreaterThan(10);
  expect(interval![1]).toBeLessThan(128);
});
