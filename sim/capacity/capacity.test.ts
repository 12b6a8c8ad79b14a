import { readFileSync } from "node:fs";
import {
  loadSchema,
  profileSchema,
  type Load,
  type Profile,
  type VllmEngineCost,
  type WorkloadRequest,
} from "../../formats/index.js";
import { ProfileCost } from "../cost/index.js";
import { simulateRun, type SimulatedRunInput } from "../engine/index.js";
import { exponential, stream } from "../kernel/index.js";
import { planPolicy } from "../policy/index.js";
import { workloadFromLengths } from "../workload/index.js";
import { capacityOf, type Capacity } from "./capacity.js";
import { withCapacity } from "./with-capacity.js";

const shipped = (name: string): Profile =>
  profileSchema.parse(JSON.parse(readFileSync(`profiles/${name}.json`, "utf8")));
const batches = shipped("mini-cpu-2core");
const engine = shipped("h100-llama-3.1-8b-vllm-0.26");

interface Asked {
  readonly profile?: Profile;
  readonly policy?: string;
  readonly settings?: object;
  readonly load?: object;
  readonly seed?: string;
}

function inputOf({
  profile = engine,
  policy = "vllm",
  settings = {},
  load = {},
  seed = "1",
}: Asked): SimulatedRunInput {
  const parsed: Load = loadSchema.parse({ num_prompts: 400, ...load });
  const plan = planPolicy(policy, settings, { source: "test" });
  return {
    plan,
    profile,
    load: parsed,
    workload: workloadFromLengths(parsed, seed),
    seed,
    coldStart: false,
    jitter: false,
  };
}

function told(input: SimulatedRunInput): Capacity {
  const capacity = capacityOf(input);
  if ("reason" in capacity) throw new Error(capacity.reason);
  return capacity;
}

const lengths = { dataset_name: "random", random_input_len: 256, random_output_len: 192, random_range_ratio: 0.5 };
const fixed = { dataset_name: "fixed", input_len: 20, output_len: 10 };

describe("capacityOf batches of one size", () => {
  const { prefillNs, decodeNs } = new ProfileCost(batches).batch({ rows: 4, promptTokens: 20, outputTokens: 10 });
  const perS = 4e9 / (prefillNs + decodeNs);
  const atShare = (share: number): Capacity =>
    told(
      inputOf({
        profile: batches,
        policy: "naive",
        settings: { batch_size: 4 },
        load: { ...fixed, request_rate: share * perS },
      }),
    );

  it("is the batch size over the time of a batch", () => {
    const { requests_per_s, output_tokens_per_s, half_width } = atShare(0.5);
    expect(requests_per_s / perS).toBeCloseTo(1, 6);
    expect(output_tokens_per_s / (10 * perS)).toBeCloseTo(1, 6);
    expect(half_width).toBeLessThan(1e-6);
  });

  it.each([
    [0.5, "below"],
    [0.89, "below"],
    [0.91, "near"],
    [0.99, "near"],
    [1.01, "above"],
    [1.5, "above"],
  ])("calls a load of %p of it %s", (share, verdict) => {
    const capacity = atShare(share);
    expect(capacity.verdict).toBe(verdict);
    expect(capacity.utilisation).toBeCloseTo(share, 6);
    // A minute's arrivals take share minutes to serve.
    if (verdict === "above") expect(capacity.latency_growth_s_per_min).toBeCloseTo(60 * (share - 1), 4);
    else expect(capacity).not.toHaveProperty("latency_growth_s_per_min");
  });

  it("is the batch size: batches of twice the size do more in their time", () => {
    expect(atShare(0.5).bound_by).toBe("seats");
  });
});

describe("capacityOf continuous batching", () => {
  it("says of a load 5 % above it what is true, however short the run", () => {
    const asked = (request_rate: number): SimulatedRunInput => ({
      ...inputOf({ load: { ...lengths, request_rate } }),
      jitter: undefined,
    });
    const rate = 1.05 * told(asked(20)).requests_per_s;
    const input = asked(rate);
    const [short, long] = [1_000, 3_000].map((num_prompts) => {
      const load = { ...input.load, num_prompts };
      return told({ ...input, load, workload: workloadFromLengths(load, "1") });
    });
    expect(short).toEqual(long);
    expect(short).toMatchObject({ verdict: "above", offered_requests_per_s: rate, bound_by: "seats" });
    expect(short!.utilisation).toBeGreaterThan(1.02);
    expect(short!.utilisation).toBeLessThan(1.08);
  });

  it("is the same for the same seed", () => {
    const input = inputOf({ load: { ...lengths, request_rate: 4 }, settings: { max_num_seqs: 16 } });
    expect(capacityOf(input)).toEqual(capacityOf(input));
  });

  it("is that of all replicas", () => {
    const input = inputOf({ load: { ...lengths, request_rate: 4 }, settings: { max_num_seqs: 16 } });
    expect(told({ ...input, replicas: 3 }).requests_per_s).toBeCloseTo(3 * told(input).requests_per_s, 6);
  });

  it("is what clients leave of it where they may only send so many at once", () => {
    const input = inputOf({ load: { ...lengths, request_rate: 20, max_concurrency: 16 } });
    const bounded = told(input);
    const free = told(inputOf({ load: { ...lengths, request_rate: 20 } }));
    expect(bounded.requests_per_s).toBeLessThan(free.requests_per_s / 2);
    expect(bounded.bound_by).toBe("seats");
  });

  it("does not exist where nothing is offered per second", () => {
    for (const load of [{ ...lengths, max_concurrency: 8 }, lengths]) {
      expect(capacityOf(inputOf({ load }))).toMatchObject({ isRemarkable: false });
    }
    const single = inputOf({ load: { ...lengths, num_prompts: 1, request_rate: 1 } });
    expect(capacityOf(single)).toHaveProperty("reason");
  });

  it("is not known where no request can be answered", () => {
    const input = inputOf({ load: { ...lengths, request_rate: 1 }, settings: { max_model_len: 64 } });
    expect(capacityOf(input)).toMatchObject({
      reason: expect.stringContaining("no request") as string,
      isRemarkable: true,
    });
  });

  it("counts what is rejected at once as offered and as done", () => {
    const load = {
      dataset_name: "random",
      random_input_len: 1000,
      random_output_len: 50,
      random_range_ratio: 0.5,
      request_rate: 20,
    };
    const all = told(inputOf({ load }));
    const some = told(inputOf({ load, settings: { max_model_len: 1000 } }));
    // About half are rejected, the longer ones.
    expect(some.requests_per_s).toBeGreaterThan(1.7 * all.requests_per_s);
  });
});

describe("bound_by", () => {
  const withCost = (change: (cost: VllmEngineCost) => Partial<VllmEngineCost>): Profile => {
    const cost = engine.cost as VllmEngineCost;
    return { ...engine, cost: { ...cost, ...change(cost) } };
  };
  const bound = (asked: Asked): string => told(inputOf({ load: { ...lengths, request_rate: 1 }, ...asked })).bound_by;
  const slots = { max_num_seqs: 64 };

  it("is the GPU where a step takes as long as it has requests", () => {
    const profile = withCost(({ gpu }) => ({
      gpu: { ...gpu, decode_base_ns: 1e5, mixed_base_ns: 1e5, decode_padded_token_ns: 2e6, context_token_ns: 0 },
    }));
    expect(bound({ profile, settings: { ...slots, enforce_eager: true } })).toBe("gpu");
  });

  it("is the host where its thread takes as long as there are requests", () => {
    const profile = withCost(({ host }) => ({ host: { ...host, schedule: { base_ns: 0, request_ns: 2e6 } } }));
    expect(bound({ profile, settings: slots })).toBe("host");
  });

  it("is the front end where it handles requests more slowly than the engine does", () => {
    const profile = withCost(({ front_end }) => ({ front_end: { ...front_end!, request_ns: 2e8 } }));
    expect(bound({ profile, settings: { max_num_seqs: 16 } })).toBe("front_end");
  });

  it("is max_num_seqs where it is small", () => {
    expect(bound({ settings: { max_num_seqs: 4 } })).toBe("seats");
  });

  it("is KV blocks where there are few", () => {
    expect(bound({ settings: { num_gpu_blocks: 300 } })).toBe("kv_blocks");
  });

  it("is the token budget where it lets few tokens of long prompts into a step", () => {
    const load = {
      dataset_name: "random",
      random_input_len: 1500,
      random_output_len: 4,
      random_range_ratio: 0.2,
      request_rate: 1,
    };
    expect(bound({ load, settings: { max_num_batched_tokens: 128 } })).toBe("token_budget");
  });

  it("is memory where that keeps the batches of dynamic small", () => {
    const settings = { max_batch_size: 32, memory_threshold: 0.02 };
    expect(bound({ profile: batches, policy: "dynamic", settings, load: { ...fixed, request_rate: 1 } })).toBe(
      "kv_blocks",
    );
  });
});

describe("a load whose rate varies", () => {
  const capacityPerS = told(inputOf({ load: { ...lengths, request_rate: 20 } })).requests_per_s;

  /** A trace of README's lengths whose rate is a share of capacity in each part. */
  function trace(parts: readonly (readonly [share: number, requests: number])[], seed: string): SimulatedRunInput {
    const count = parts.reduce((sum, [, requests]) => sum + requests, 0);
    const input = inputOf({ load: { ...lengths, num_prompts: count }, seed });
    const random = stream(`${seed}/0/trace`);
    let timeS = 0;
    const shares = parts.flatMap(([share, requests]) => new Array<number>(requests).fill(share));
    const requests = input.workload.requests.map((request, index): WorkloadRequest => {
      timeS += exponential(random) / (shares[index]! * capacityPerS);
      return { ...request, arrivalNs: Math.round(timeS * 1e9) };
    });
    return { ...input, load: { ...input.load, workload: "trace.csv" }, workload: { ...input.workload, requests } };
  }

  it("is judged by its busiest stretch, which is found where it is", () => {
    const { verdict, utilisation, busiest, latency_growth_s_per_min } = told(trace([[0.5, 2_000], [1.25, 3_000], [0.5, 2_000]], "1")); // prettier-ignore
    expect(utilisation).toBeLessThan(0.9);
    expect(verdict).toBe("above");
    expect(busiest!.utilisation).toBeGreaterThan(1.15);
    expect(busiest!.utilisation).toBeLessThan(1.35);
    expect(busiest!.from_s).toBeGreaterThan(100);
    expect(busiest!.to_s).toBeLessThan(200);
    expect(latency_growth_s_per_min).toBeCloseTo(60 * (busiest!.utilisation - 1), 6);
  });

  it("sees longer answers as more work, where the number of requests does not tell", () => {
    const input = trace([[0.7, 6_000]], "2");
    const requests = input.workload.requests.map((request, index) => ({
      ...request,
      outputTokens: index >= 2_000 && index < 4_000 ? 2 * request.outputTokens : Math.ceil(request.outputTokens / 2),
    }));
    const { busiest, offered_requests_per_s } = told({ ...input, workload: { ...input.workload, requests } });
    expect(busiest!.utilisation).toBeGreaterThan(1.1);
    expect(busiest!.offered_requests_per_s / offered_requests_per_s).toBeLessThan(1.15);
  });

  it("has none where chance alone makes it vary", () => {
    const found = Array.from({ length: 2 }, (_, seed) => told(trace([[0.8, 4_000]], String(seed))));
    expect(found.filter(({ busiest }) => busiest !== undefined)).toEqual([]);
    expect(found.filter(({ verdict }) => verdict !== "below")).toEqual([]);
  });

  it("is a ramp-up by its end", () => {
    const rate = (share: number): number => share * capacityPerS;
    const ramp = { ramp_up_strategy: "linear", ramp_up_start_rps: rate(0.2), ramp_up_end_rps: rate(1.4) };
    const { verdict, utilisation, busiest } = told(inputOf({ load: { ...lengths, num_prompts: 4_000, ...ramp } }));
    expect(verdict).toBe("above");
    expect(utilisation).toBeLessThan(0.85);
    expect(busiest!.utilisation).toBeGreaterThan(1.05);
  });
});

describe("withCapacity", () => {
  it("puts it into run.json with what the run was busy with, and lets overloaded agree with it", () => {
    const input = inputOf({ load: { ...lengths, request_rate: 40 } });
    const { info, requests } = withCapacity(simulateRun(input), capacityOf(input));
    expect(info.summary).toMatchObject({ overloaded: true });
    expect(info.notes!.filter((note) => note.startsWith("overload: "))).toHaveLength(1);
    expect(info.notes!.join()).toMatch(
      /overload: 1[01]\d % of what the server can take is offered; latencies grow with the run/,
    );
    const { busy } = info.capacity as { busy: Readonly<Record<string, number>> };
    for (const name of ["gpu", "host", "front_end"]) {
      expect(busy[name]).toBeGreaterThan(0.2);
      expect(busy[name]).toBeLessThanOrEqual(1);
    }
    expect(requests).toHaveLength(400);
  });

  it("is null for loads without one, and says so only where that is a surprise", () => {
    const input = inputOf({ load: { ...lengths, max_concurrency: 4 } });
    const { info } = withCapacity(simulateRun(input), capacityOf(input));
    expect(info.capacity).toBeNull();
    expect((info.notes ?? []).join()).not.toContain("capacity");
    const surprised = withCapacity(simulateRun(input), {
      reason: "capacity is not known, because",
      isRemarkable: true,
    });
    expect(surprised.info.notes).toContain("capacity is not known, because");
  });
});
