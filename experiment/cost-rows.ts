/** The coefficients of a profile as rows for people, whichever kind of cost it has: what they price, and per what. */
import type { CostTerm, EngineJitter, Profile, StaticBatchCost, VllmEngineCost } from "../formats/index.js";

export interface CostRow {
  readonly stage: string;
  readonly per: string;
  readonly ns: number;
  /** 95 % bootstrap interval, where the calibration made one. */
  readonly intervalNs?: readonly [number, number];
}

/** Every coefficient; per-request parts that are 0 are left out. `intervals`: of an engine's, by place in the cost. */
export function costRows(cost: Profile["cost"], intervals: Profile["cost_intervals"] = {}): CostRow[] {
  return cost.kind === "static_batch" ? batchRows(cost) : engineRows(cost, intervals);
}

function batchRows(cost: StaticBatchCost): CostRow[] {
  return [
    ...cost.prefill.map((term) => termRow("prefill", term)),
    ...cost.decode_step.map((term) => termRow("decode step", term)),
    { stage: "batch", per: "hand-over", ns: cost.dispatch_ns },
    { stage: "first batch", per: "cold start", ns: cost.cold_start_ns },
  ];
}

function termRow(stage: string, { basis, upto, beyond, coefficient_ns, ci95_ns }: CostTerm): CostRow {
  const clip = `${upto === undefined ? "" : ` up to ${upto}`}${beyond === undefined ? "" : ` beyond ${beyond}`}`;
  const interval = ci95_ns === undefined ? {} : { intervalNs: ci95_ns };
  return { stage, per: `${basis.replace("_", " ")}${clip}`, ns: coefficient_ns, ...interval };
}

function engineRows(
  { gpu, host, front_end, jitter }: VllmEngineCost,
  intervals: NonNullable<Profile["cost_intervals"]>,
): CostRow[] {
  const within = (place: string): Pick<CostRow, "intervalNs"> => {
    const intervalNs = intervals[place];
    return intervalNs === undefined ? {} : { intervalNs };
  };
  const launch = (
    stage: string,
    { lead = host.launch_lead, ...time }: VllmEngineCost["host"]["launch_no_graph"],
    interval: Pick<CostRow, "intervalNs">,
  ): CostRow[] => {
    const [base, ...more] = growingRows(stage, `step, ${lead.toFixed(2)} of it before the GPU begins`, time);
    return [{ ...base!, ...interval }, ...more];
  };
  return [
    { stage: "GPU, decode", per: "step", ns: gpu.decode_base_ns, ...within("gpu.decode_base_ns") },
    {
      stage: "GPU, decode",
      per: "padded token",
      ns: gpu.decode_padded_token_ns,
      ...within("gpu.decode_padded_token_ns"),
    },
    ...(gpu.mixed_base_ns === undefined
      ? []
      : [
          {
            stage: "GPU, decode",
            per: "step that also prefills",
            ns: gpu.mixed_base_ns,
            ...within("gpu.mixed_base_ns"),
          },
        ]),
    { stage: "GPU, prefill", per: "step", ns: gpu.prefill_base_ns, ...within("gpu.prefill_base_ns") },
    {
      stage: "GPU, prefill",
      per: "padded token",
      ns: gpu.prefill_padded_token_ns,
      ...within("gpu.prefill_padded_token_ns"),
    },
    { stage: "GPU, attention", per: "cached token", ns: gpu.context_token_ns, ...within("gpu.context_token_ns") },
    {
      stage: "GPU, attention",
      per: "pair of a prefill",
      ns: gpu.attention_pair_ns,
      ...within("gpu.attention_pair_ns"),
    },
    ...growingRows("schedule", "step", host.schedule),
    ...launch("launch, full graph", host.launch_full_graph, within("host.launch_full_graph.base_ns")),
    ...launch("launch, piecewise graphs", host.launch_piecewise, within("host.launch_piecewise.base_ns")),
    ...launch("launch, no graph", host.launch_no_graph, within("host.launch_no_graph.base_ns")),
    ...growingRows("update", "step", host.update),
    { stage: "tokens to the host", per: "step", ns: host.copy_ns },
    { stage: "outputs to the front end", per: "step", ns: host.send_ns },
    { stage: "input queue", per: "request", ns: host.take_request_ns },
    { stage: "idle engine wakes", per: "time", ns: host.wake_ns },
    { stage: "step without tokens", per: "pause", ns: host.empty_step_sleep_ns },
    ...(front_end === undefined ? [] : frontEndRows(front_end)),
    ...(jitter === undefined ? [] : jitterRows(jitter)),
  ];
}

function growingRows(
  stage: string,
  per: string,
  { base_ns, request_ns }: VllmEngineCost["host"]["schedule"],
): CostRow[] {
  const base = { stage, per, ns: base_ns };
  return request_ns === 0 ? [base] : [base, { stage, per: "request", ns: request_ns }];
}

function frontEndRows(cost: NonNullable<VllmEngineCost["front_end"]>): CostRow[] {
  return [
    { stage: "front end, request", per: "way from the client", ns: cost.accept_ns },
    { stage: "front end, request", per: "request", ns: cost.request_ns },
    { stage: "front end, request", per: "prompt token", ns: cost.request_token_ns },
    { stage: "front end, request", per: `hop, ${cost.request_hops} a request`, ns: cost.request_hop_ns },
    { stage: "front end, request", per: "way to each hop", ns: cost.request_hop_gap_ns },
    { stage: "front end, output", per: "output", ns: cost.output_ns },
    { stage: "front end, output", per: "token", ns: cost.output_token_ns },
    { stage: "front end, output", per: "chunk", ns: cost.chunk_ns },
    { stage: "front end, output", per: "first chunk, beyond that", ns: cost.first_chunk_ns },
    { stage: "front end, output", per: "first chunk, waiting, token", ns: cost.first_wait_token_ns },
    { stage: "front end, output", per: "way to the client", ns: cost.delivery_ns },
  ];
}

/** Of what varies, the parts that are times; shapes are left to charts. */
function jitterRows({ output_stall, host_states }: EngineJitter): CostRow[] {
  return [
    ...(output_stall === undefined
      ? []
      : [
          {
            stage: "front end, held up",
            per: `time, ${percent(output_stall.token_probability)} of tokens`,
            ns: output_stall.mean_ns,
          },
        ]),
    ...host_states.map(({ share, memory_ns }) => ({
      stage: "launches alike",
      per: `memory, ${percent(share)} of their variance`,
      ns: memory_ns,
    })),
  ];
}

function percent(fraction: number): string {
  return `${(100 * fraction).toPrecision(2)} %`;
}
