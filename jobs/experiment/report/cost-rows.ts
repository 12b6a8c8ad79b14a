/**
 * The coefficients of a profile as rows for people, whichever kind of cost it has: what costs how much, and per what.
 */
import {
  defined,
  percent,
  signedPercent,
  stepPartNames,
  type CostTerm,
  type EngineJitter,
  type Profile,
  type StaticBatchCost,
  type StepCosts,
  type StepPartName,
  type VllmEngineCost,
} from "../../../formats/index.js";
import { decodeBaseNs } from "../../../sim/index.js";

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

/** The name of each part of a step, and of its quantities. */
const stepParts: Readonly<
  Record<StepPartName, { readonly stage: string; readonly base: string; readonly rows: string }>
> = {
  dense: { stage: "step, dense layers", base: "run", rows: "new token" },
  output: { stage: "step, next tokens", base: "run", rows: "request" },
  decode: { stage: "step, attention of decodes", base: "step", rows: "decode" },
  prefill: { stage: "step, attention of prompts", base: "step", rows: "chunk" },
  move: { stage: "step, moved slots", base: "step", rows: "slot" },
};

/** Every coefficient of a profile's step costs, those that are 0 left out. */
export function stepCostRows({ terms, schedule, update, cold_start_ns }: StepCosts): CostRow[] {
  const termRows = stepPartNames.flatMap((part) => {
    const { stage, ...names } = stepParts[part];
    return terms[part].map((term) => {
      const row = termRow(stage, term);
      const { basis } = term;
      return basis === "base" || basis === "rows" ? { ...row, per: row.per.replace(basis, names[basis]) } : row;
    });
  });
  const rows: CostRow[] = [
    ...termRows,
    { stage: "step, scheduling", per: "step", ns: schedule.base_ns },
    { stage: "step, scheduling", per: "request", ns: schedule.request_ns },
    { stage: "step, telling of tokens", per: "step", ns: update.base_ns },
    { stage: "step, telling of tokens", per: "request", ns: update.request_ns },
    { stage: "first step", per: "cold start", ns: cold_start_ns },
  ];
  return rows.filter(({ ns }) => ns > 0);
}

/** How well steps are predicted, in sentences: what was kept out, steps in a row, and steps that decode and prefill. */
export function describeSteps({ fit, held_out, loop, mixed }: StepCosts): string[] {
  const unseen = held_out ?? fit;
  return [
    `steps: median error ${percent(unseen.median_ape, 1)}, P90 ${percent(unseen.p90_ape, 1)} on ${unseen.points} ` +
      (held_out === undefined ? "of the fit" : "kept out of the fit"),
    ...(loop === undefined
      ? []
      : [`${loop.steps} steps in a row, as a scheduler makes them: ${signedPercent(loop.error)} in all`]),
    ...(mixed === undefined
      ? []
      : [
          `a step that decodes and prefills takes ${percent(mixed.over_two_runs, 1)} of the two apart (median of ${mixed.points}); ` +
            `both less one base would be off by ${signedPercent(mixed.assumption_error)}`,
        ]),
  ];
}

function termRow(stage: string, { basis, upto, beyond, coefficient_ns, ci95_ns }: CostTerm): CostRow {
  const clip = `${upto === undefined ? "" : ` up to ${upto}`}${beyond === undefined ? "" : ` beyond ${beyond}`}`;
  const interval = ci95_ns === undefined ? {} : { intervalNs: ci95_ns };
  return { stage, per: `${basis.replace("_", " ")}${clip}`, ns: coefficient_ns, ...interval };
}

type EngineLine = readonly [stage: string, per: string, place: string];

function engineRows(cost: VllmEngineCost, intervals: NonNullable<Profile["cost_intervals"]>): CostRow[] {
  const { host, front_end, jitter } = cost;
  const launchLine = (
    stage: string,
    name: "launch_full_graph" | "launch_piecewise" | "launch_no_graph",
  ): EngineLine[] => {
    const { lead = host.launch_lead } = host[name];
    return growing(stage, `host.${name}`, `step, ${lead.toFixed(2)} of it before the GPU begins`);
  };
  const lines: EngineLine[] = [
    ["GPU, decode", "step", "gpu.decode_base_ns"],
    ["GPU, decode", "padded token", "gpu.decode_padded_token_ns"],
    ["GPU, decode", "step that also prefills", "gpu.mixed_base_ns"],
    ["GPU, prefill", "step", "gpu.prefill_base_ns"],
    ["GPU, prefill", "padded token", "gpu.prefill_padded_token_ns"],
    ["GPU, attention", "cached token", "gpu.context_token_ns"],
    ["GPU, attention", "pair of a prefill", "gpu.attention_pair_ns"],
    ["GPU, prefill", "step of a large graph, beyond that", "gpu.large_graph.extra_ns"],
    ...growing("schedule", "host.schedule"),
    ["schedule", "of the first requests, beyond that", "host.schedule.first_requests.request_ns"],
    ["schedule", "request that prefills, beyond that", "host.schedule.prefill_request_ns"],
    ...launchLine("launch, full graph", "launch_full_graph"),
    ...launchLine("launch, piecewise graphs", "launch_piecewise"),
    ...launchLine("launch, no graph", "launch_no_graph"),
    ["launch, soon after one without graphs", "memory", "host.launch_recency.memory_ns"],
    ...growing("update", "host.update"),
    ["update", "of the first requests, beyond that", "host.update.first_requests.request_ns"],
    ["tokens to the host", "step", "host.copy_ns"],
    ["sending outputs to the front end", "step", "host.send_ns"],
    ["input queue", "request", "host.take_request_ns"],
    ["idle engine wakes", "time", "host.wake_ns"],
    ["step without tokens", "pause", "host.empty_step_sleep_ns"],
    ...(front_end === undefined ? [] : frontEndLines(front_end.request_hops)),
  ];
  return [
    ...lines.flatMap(([stage, per, place]) => {
      const ns = numberAt(cost, place);
      if (ns === undefined || (ns === 0 && place.endsWith(".request_ns") && place.startsWith("host."))) return [];
      const intervalNs = intervals[place];
      return [{ stage, per, ns, ...defined({ intervalNs }) }];
    }),
    ...sizeRows(cost.gpu, intervals),
    ...(jitter === undefined ? [] : jitterRows(jitter)),
  ];
}

/** Decodes of the sizes that were measured to lie off the line. */
function sizeRows(gpu: VllmEngineCost["gpu"], intervals: NonNullable<Profile["cost_intervals"]>): CostRow[] {
  return (gpu.decode_factors ?? []).map(([tokens, factor], at) => {
    const ns = decodeBaseNs(gpu, tokens);
    const ofFactor = intervals[`gpu.decode_factors.${at}.1`];
    const intervalNs = ofFactor && ([(ns / factor) * ofFactor[0], (ns / factor) * ofFactor[1]] as const);
    return {
      stage: "GPU, decode",
      per: `step of ${tokens}, ${factor.toFixed(2)} of base and tokens`,
      ns,
      ...defined({ intervalNs }),
    };
  });
}

function growing(stage: string, place: string, per = "step"): EngineLine[] {
  return [
    [stage, per, `${place}.base_ns`],
    [stage, "request", `${place}.request_ns`],
  ];
}

function frontEndLines(hops: number): EngineLine[] {
  const [request, output] = ["front end, request", "front end, output"];
  return [
    [request, "path from the client", "front_end.accept_ns"],
    [request, "request", "front_end.request_ns"],
    [request, "prompt token", "front_end.request_token_ns"],
    [request, `hop, ${hops} a request`, "front_end.request_hop_ns"],
    [request, "way to each hop", "front_end.request_hop_gap_ns"],
    [output, "output", "front_end.output_ns"],
    [output, "token", "front_end.output_token_ns"],
    [output, "chunk", "front_end.chunk_ns"],
    [output, "first chunk, beyond that", "front_end.first_chunk_ns"],
    [output, "first chunk, waiting, token", "front_end.first_wait_token_ns"],
    [output, "way to the client", "front_end.delivery_ns"],
  ];
}

function numberAt(cost: VllmEngineCost, place: string): number | undefined {
  const at = place
    .split(".")
    .reduce<unknown>((part, key) => (part as Record<string, unknown> | undefined)?.[key], cost);
  return at as number | undefined;
}

/** How times vary: the parts that are times; shapes are left to charts. */
function jitterRows({ output_stall, host_states, pace }: EngineJitter): CostRow[] {
  return [
    ...(pace?.states ?? []).map(({ share, memory_ns }) => ({
      stage: "pace of the host",
      per: `memory, weight ${share.toPrecision(2)}`,
      ns: memory_ns,
    })),
    ...(output_stall === undefined
      ? []
      : [
          {
            stage: "front end, held up",
            per: `time, ${shortPercent(output_stall.token_probability)} of tokens`,
            ns: output_stall.mean_ns,
          },
        ]),
    ...host_states.map(({ share, memory_ns }) => ({
      stage: "launches alike",
      per: `memory, ${shortPercent(share)} of their variance`,
      ns: memory_ns,
    })),
  ];
}

function shortPercent(fraction: number): string {
  return `${(100 * fraction).toPrecision(2)} %`;
}
