/** Constants that end up in a profile of a vLLM server, and how one of them is halved or doubled. */
import type { VllmEngineCost } from "../../formats/index.js";
import { ASSUMED_RUN_SPREAD } from "../../sim/index.js";

export interface Field {
  readonly name: string;
  /** The cost with the constant `factor` times as large. */
  readonly times: (cost: VllmEngineCost, factor: number) => VllmEngineCost;
}

type Host = VllmEngineCost["host"];
type Jitter = NonNullable<VllmEngineCost["jitter"]>;
type Pace = NonNullable<Jitter["pace"]>;

const capped = (share: number): number => Math.min(1, share);

function ofHost(name: keyof Host & `${string}_ns`): Field {
  return {
    name: `host.${name}`,
    times: (cost, factor) => ({ ...cost, host: { ...cost.host, [name]: factor * cost.host[name] } }),
  };
}

function lead(name: "launch_full_graph" | "launch_piecewise" | "launch_no_graph"): Field {
  return {
    name: `host.${name}.lead`,
    times: (cost, factor) => {
      const launch = cost.host[name];
      const of = capped(factor * (launch.lead ?? cost.host.launch_lead));
      return { ...cost, host: { ...cost.host, [name]: { ...launch, lead: of } } };
    },
  };
}

function overlap(name: "launch_piecewise" | "launch_no_graph"): Field {
  return {
    name: `host.${name}.overlap_power`,
    times: (cost, factor) => {
      const launch = cost.host[name];
      const { overlap_power: power } = launch;
      if (power === undefined) return cost;
      return { ...cost, host: { ...cost.host, [name]: { ...launch, overlap_power: Math.max(1, factor * power) } } };
    },
  };
}

/** Of a profile whose host has a pace. */
function ofPace(name: string, times: (pace: Pace, factor: number) => Pace): Field {
  return ofJitter(`pace.${name}`, (jitter, factor) =>
    jitter.pace === undefined ? jitter : { ...jitter, pace: times(jitter.pace, factor) },
  );
}

function ofJitter(name: string, times: (jitter: Jitter, factor: number) => Jitter): Field {
  return {
    name: `jitter.${name}`,
    times: (cost, factor) => (cost.jitter === undefined ? cost : { ...cost, jitter: times(cost.jitter, factor) }),
  };
}

function ofFrontEnd(
  name: string,
  times: (front: NonNullable<VllmEngineCost["front_end"]>, factor: number) => Partial<VllmEngineCost["front_end"]>,
): Field {
  return {
    name: `front_end.${name}`,
    times: (cost, factor) =>
      cost.front_end === undefined
        ? cost
        : { ...cost, front_end: { ...cost.front_end, ...times(cost.front_end, factor) } },
  };
}

/** The longest `share` of a variation's times stretched or shrunk about its end. */
function tailTimes(variation: Jitter["launch_full_graph"], factor: number): Jitter["launch_full_graph"] {
  if (variation === undefined) return undefined;
  const bend = 0.97;
  const from = variation.quantiles.filter(([p]) => p <= bend).at(-1)![1];
  return {
    quantiles: variation.quantiles.map(([p, ratio]) => [p, p <= bend ? ratio : from + factor * (ratio - from)]),
  };
}

export const fields: readonly Field[] = [
  lead("launch_full_graph"),
  lead("launch_piecewise"),
  lead("launch_no_graph"),
  overlap("launch_piecewise"),
  overlap("launch_no_graph"),
  {
    name: "host.launch_recency.share",
    times: (cost, factor) => {
      const { launch_recency: recency } = cost.host;
      if (recency === undefined) return cost;
      return { ...cost, host: { ...cost.host, launch_recency: { ...recency, share: capped(factor * recency.share) } } };
    },
  },
  ofHost("copy_ns"),
  ofHost("send_ns"),
  ofHost("take_request_ns"),
  ofHost("wake_ns"),
  ofHost("empty_step_sleep_ns"),
  ofFrontEnd("request_hops", ({ request_hops: hops }, factor) => ({ request_hops: Math.round(factor * hops) })),
  ofFrontEnd("request_hops, their sum kept", (front, factor) => ({
    request_hops: Math.round(factor * front.request_hops),
    request_hop_ns: front.request_hop_ns / factor,
    request_hop_gap_ns: front.request_hop_gap_ns / factor,
  })),
  ofFrontEnd("chunk_ns of a token's sum", ({ chunk_ns, output_token_ns: rest }, factor) => {
    const chunk = Math.min(chunk_ns + rest, factor * chunk_ns);
    return { chunk_ns: chunk, output_token_ns: chunk_ns + rest - chunk };
  }),
  ofFrontEnd("first_wait_token_ns", ({ first_wait_token_ns: wait }, factor) => ({
    first_wait_token_ns: factor * wait,
  })),
  ofPace("spread", (pace, factor) => ({
    ...pace,
    quantiles: pace.quantiles.map(([p, ratio]): [number, number] => [p, ratio ** factor]),
  })),
  ofPace("states' memory_ns", (pace, factor) => ({
    ...pace,
    states: pace.states.map((state) => ({ ...state, memory_ns: factor * state.memory_ns })),
  })),
  ofPace("share of the slow state", (pace, factor) => {
    const slow = pace.states.reduce((one, other) => (other.memory_ns > one.memory_ns ? other : one));
    return { ...pace, states: pace.states.map((state) => (state === slow ? { ...state, share: factor * state.share } : state)) }; // prettier-ignore
  }),
  ofJitter("interrupted_share", (jitter, factor) =>
    jitter.interrupted_share === undefined
      ? jitter
      : { ...jitter, interrupted_share: factor * jitter.interrupted_share },
  ),
  ofJitter("host_states.share", (jitter, factor) => {
    const shares = jitter.host_states.reduce((sum, { share }) => sum + share, 0);
    const most = Math.min(factor, 1 / Math.max(shares, 1e-9));
    return { ...jitter, host_states: jitter.host_states.map((state) => ({ ...state, share: most * state.share })) };
  }),
  ofJitter("host_states.memory_ns", (jitter, factor) => ({
    ...jitter,
    host_states: jitter.host_states.map((state) => ({ ...state, memory_ns: factor * state.memory_ns })),
  })),
  ofJitter("longest 3 % of launches", (jitter, factor) => ({
    ...jitter,
    launch_full_graph: tailTimes(jitter.launch_full_graph, factor),
    launch_piecewise: tailTimes(jitter.launch_piecewise, factor),
    launch_no_graph: tailTimes(jitter.launch_no_graph, factor),
  })),
  ofJitter("output_stall.mean_ns", (jitter, factor) =>
    jitter.output_stall === undefined
      ? jitter
      : { ...jitter, output_stall: { ...jitter.output_stall, mean_ns: factor * jitter.output_stall.mean_ns } },
  ),
  ofJitter("run_spread", (jitter, factor) => ({
    ...jitter,
    run_spread: factor * (jitter.run_spread ?? ASSUMED_RUN_SPREAD),
  })),
];
