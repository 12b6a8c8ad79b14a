/** The fit against engines of which every cost is known: simulated, and watched as a real one's step log watches it. */
import type { Variation, VllmEngineCost } from "../../../formats/index.js";
import { decodeBaseNs, exponential, requestsNs, stream } from "../../../sim/index.js";
import { recordEngine, type KnownEngine, type KnownRequest } from "../../../test/support/recorded-engine.js";
import { loadLinearSolver, type LinearSolver, logNormalVariation } from "../../fit/numerics/index.js";
import { gpuNsOf, type EngineLog } from "./engine-model.js";
import { fitEngine, type EngineFit } from "./fit-engine.js";
import type { LaunchFit } from "./fit-launches.js";
import {
  meanPace,
  pacePath,
  isProbes,
  settingsOf,
  type RecordedRun,
  timelineOf,
  type TimedStep,
} from "../recording/index.js";

const host: VllmEngineCost["host"] = {
  schedule: { base_ns: 120_000, request_ns: 2000 },
  update: { base_ns: 60_000, request_ns: 1500 },
  launch_full_graph: { base_ns: 2.6e6, request_ns: 0, lead: 0.6 },
  launch_piecewise: { base_ns: 7e6, request_ns: 0, lead: 0.03, overlap_power: 3.5 },
  launch_no_graph: { base_ns: 10e6, request_ns: 0, lead: 0.03, overlap_power: 3.5 },
  launch_lead: 0.03,
  copy_ns: 76_000,
  send_ns: 90_000,
  take_request_ns: 9000,
  wake_ns: 60_000,
  empty_step_sleep_ns: 1e6,
};

const known: VllmEngineCost = {
  kind: "vllm_engine",
  gpu: {
    decode_base_ns: 5e6,
    decode_padded_token_ns: 12_000,
    context_token_ns: 25,
    mixed_base_ns: 5.5e6,
    prefill_base_ns: 1e6,
    prefill_padded_token_ns: 20_000,
    attention_pair_ns: 0.6,
  },
  host,
  jitter: {
    schedule: logNormalVariation(0.1),
    update: logNormalVariation(0.1),
    launch_full_graph: logNormalVariation(0.1),
    launch_piecewise: logNormalVariation(0.1),
    launch_no_graph: logNormalVariation(0.1),
    gpu: logNormalVariation(0.01),
    pace: { ...logNormalVariation(0.2), states: [{ share: 1, memory_ns: 80e6 }] },
    host_states: [],
    run_spread: 0,
  },
};

/** Prefills and groups of decodes, each when the one before is long over. */
function probes(): KnownRequest[] {
  const sent: KnownRequest[] = [];
  let atMs = 10;
  const group = (probe: string, count: number, promptTokens: number, outputTokens: number): void => {
    for (let k = 0; k < count; k++) sent.push({ arrivalMs: atMs, promptTokens, outputTokens, probe });
    atMs += 200 + 12 * outputTokens + 0.05 * count * promptTokens;
  };
  for (let round = 0; round < 6; round++) {
    for (const length of [16, 32, 64, 128, 256, 400, 512, 700, 900, 1000]) group(`prefill-p${length}-o2`, 1, length, 2);
  }
  for (const batch of [1, 2, 4, 8, 16, 32]) group(`decode-b${batch}-c16`, batch, 16, 40);
  for (const context of [500, 1500, 3000]) group(`decode-b16-c${context}`, 16, context, 40);
  return sent;
}

function poisson(name: string, count: number, meanGapMs: number): KnownRequest[] {
  const random = stream(`${name}/arrivals`);
  let atMs = 0;
  return Array.from({ length: count }, () => {
    atMs += meanGapMs * exponential(random);
    const promptTokens = Math.min(2000, 20 + Math.round(300 * exponential(random)));
    return { arrivalMs: atMs, promptTokens, outputTokens: 10 + Math.round(60 * exponential(random)) };
  });
}

function recordings(engine: KnownEngine): RecordedRun[] {
  return [
    recordEngine(engine, probes(), { name: "probes" }),
    recordEngine(engine, poisson("light", 180, 90), { name: "light" }),
    recordEngine(engine, poisson("medium", 180, 45), { name: "medium" }),
  ];
}

function logOf(recorded: RecordedRun): EngineLog {
  const { graphs, isAsync } = settingsOf(recorded);
  return { timeline: timelineOf(recorded.steps!, graphs), isProbes: isProbes(recorded), isAsync };
}

let solver: LinearSolver;
beforeAll(async () => {
  solver = await loadLinearSolver();
});

/** A step of the fit's timeline, by what its cost depends on; decodes of `requests` beside the prompt. */
function stepOf(requests: number, contextTokens: number, promptTokens = 0): TimedStep {
  const record = {
    scheduledRequests: requests + (promptTokens > 0 ? 1 : 0),
    decodeContextTokens: contextTokens,
    contextTokens,
    prefillTokens: promptTokens,
    prefillAttentionPairs: (promptTokens * (promptTokens + 1)) / 2,
  };
  return { record, paddedTokens: requests + promptTokens } as TimedStep;
}

const error = (found: number, truth: number): number => Math.abs(found / truth - 1);

/** Mean launch at the requests that a step of a light load has. */
const launchNs = ({ baseNs, requestNs }: LaunchFit): number => baseNs + 6 * requestNs;

describe("an engine whose GPU and host take turns to be the slower", () => {
  let runs: readonly RecordedRun[];
  let fit: EngineFit;
  beforeAll(() => {
    runs = recordings({ cost: known });
    fit = fitEngine(runs.map(logOf), solver);
  });

  test("the recording is one: the loop goes straight on from each update, or takes a request first", () => {
    const { sendsNs, calls } = timelineOf(runs[1]!.steps!, settingsOf(runs[1]!).graphs);
    const { send_ns: sendNs, take_request_ns: takeNs } = host;
    expect(sendsNs.every((ns) => (ns - sendNs) % takeNs === 0 && ns >= sendNs)).toBe(true);
    expect(sendsNs.filter((ns) => ns === sendNs).length).toBeGreaterThan(0.9 * sendsNs.length);
    expect(2 * calls.filter(({ isUpdate }) => isUpdate).length).toBe(calls.length);
  });

  test("the GPU costs of any step come back within 3 %", () => {
    const gpu = { ...known.gpu, mixed_base_ns: known.gpu.mixed_base_ns! };
    const steps = [
      ...[1, 4, 16, 32].flatMap((batch) => [20, 500, 2000].map((context) => stepOf(batch, batch * context))),
      ...[30, 100].map((prompt) => stepOf(8, 4000, prompt)),
      ...[400, 700, 1000].map((prompt) => stepOf(8, 4000, prompt)),
    ];
    for (const step of steps) expect(error(gpuNsOf(step, fit.gpu), gpuNsOf(step, gpu))).toBeLessThan(0.03);
    for (const name of [
      "decode_base_ns",
      "decode_padded_token_ns",
      "mixed_base_ns",
      "prefill_padded_token_ns",
    ] as const) {
      expect([name, error(fit.gpu[name], gpu[name]) < 0.03]).toEqual([name, true]);
    }
  });

  test("launches come back within 5 %, though the GPU hides most of the short ones", () => {
    expect(error(launchNs(fit.launch.full), 2.6e6)).toBeLessThan(0.05);
    expect(error(launchNs(fit.launch.piecewise), 7e6)).toBeLessThan(0.05);
    expect(error(launchNs(fit.launch.none), 10e6)).toBeLessThan(0.05);
  });

  test("so do where in its launch the GPU begins, and how long schedule and update take", () => {
    expect(Math.abs(fit.launch.full.lead - 0.6)).toBeLessThan(0.05);
    const { schedule, update } = fit.calls;
    expect(error(requestsNs(schedule, 8), 136_000)).toBeLessThan(0.04);
    expect(error(requestsNs(update, 8), 72_000)).toBeLessThan(0.04);
    expect(error(fit.sendNs, 90_000)).toBeLessThan(0.02);
  });

  test("times vary about their means as they did", () => {
    const spreadOf = ({ quantiles }: Variation): number => {
      const at = (p: number): number => quantiles.find(([q]) => q >= p)![1];
      return at(0.9) / at(0.5);
    };
    const { schedule, gpu } = fit.variations;
    expect(error(spreadOf(schedule!), spreadOf(logNormalVariation(0.1)))).toBeLessThan(0.06);
    expect(error(spreadOf(gpu!), spreadOf(logNormalVariation(0.01)))).toBeLessThan(0.01);
    expect(error(spreadOf(fit.launch.none.variation!), spreadOf(logNormalVariation(0.1)))).toBeLessThan(0.1);
  });

  test("the pace that all of them share comes back: how far it goes, and for how long", () => {
    const { quantiles, states } = fit.pace!;
    const at = (p: number): number => quantiles.find(([q]) => q >= p)![1];
    expect(error(at(0.9) / at(0.5), Math.exp(0.2 * 1.2816))).toBeLessThan(0.06);
    const sum = states.reduce((total, { share }) => total + share, 0);
    const likeness =
      states.reduce((total, { share, memory_ns }) => total + share * Math.exp(-80e6 / memory_ns), 0) / sum;
    expect(Math.abs(likeness - 1 / Math.E)).toBeLessThan(0.12);
  });

  test("the pace of each run is that of its own path", () => {
    runs.forEach((_, at) => {
      expect(Math.abs(meanPace(fit.paths[at]!) - 1)).toBeLessThan(0.06);
    });
    const slow = { ...known, host: { ...host, pace: 1.3 } };
    const { graphs } = settingsOf(runs[1]!);
    const other = recordEngine({ cost: slow }, poisson("light", 180, 90), { name: "slow" });
    const { calls } = fit;
    const usual = pacePath(timelineOf(runs[1]!.steps!, graphs), calls);
    expect(error(meanPace(pacePath(timelineOf(other.steps!, graphs), calls)) / meanPace(usual), 1.3)).toBeLessThan(
      0.05,
    );
  });

  test("the intervals of GPU costs contain them, to 1 %", () => {
    const gpu = known.gpu;
    const told = Object.entries(fit.intervals).filter(([name]) => name.startsWith("gpu."));
    expect(told.length).toBeGreaterThan(4);
    for (const [name, [low, high]] of told) {
      const truth = Number(gpu[name.slice("gpu.".length) as keyof typeof gpu]);
      expect([name, low < 1.01 * truth && truth < 1.01 * high]).toEqual([name, true]);
      expect(high).toBeGreaterThanOrEqual(low);
    }
  });

  test("no size of decodes has a factor of its own: steps kept out are predicted by the line", () => {
    expect(fit.gpu.decode_factors).toBeUndefined();
    expect(fit.findings).toEqual([]);
  });

  test("all was seen but where the GPU begins in launches longer than its steps, and that is said", () => {
    expect(fit.unidentified).toEqual([
      'how far into a launch of kind "piecewise" the GPU begins: 0.03 is assumed',
      'how far into a launch of kind "none" the GPU begins: 0.03 is assumed',
    ]);
  });
});

test("a GPU that is always faster than its host is called a guess, and the host's launches are right", () => {
  const gpu = { ...known.gpu, decode_base_ns: 0.8e6, decode_padded_token_ns: 500, mixed_base_ns: 0.8e6, context_token_ns: 1 }; // prettier-ignore
  const hostBound = { ...known, gpu, host: { ...host, launch_full_graph: { base_ns: 3e6, request_ns: 0, lead: 0.3 } } };
  const traffic = [poisson("light", 70, 80), poisson("medium", 70, 40)];
  const runs = traffic.map((sent, at) => recordEngine({ cost: hostBound }, sent, { name: `traffic ${at}` }));
  const { unidentified, launch } = fitEngine(runs.map(logOf), solver);
  expect(unidentified.join("\n")).toMatch(
    /GPU time of decodes: the host was slower in nearly every step, it is a guess/,
  );
  expect(error(launchNs(launch.full), 3e6)).toBeLessThan(0.05);
});

test("with one step in flight launches come back beside known GPU costs, which stay as they are", () => {
  const gpu = { ...known.gpu, mixed_base_ns: known.gpu.mixed_base_ns! };
  const engine = { cost: known, settings: { async_scheduling: false } };
  const run = recordEngine(engine, poisson("sync", 100, 70), { name: "sync" });
  const fit = fitEngine([logOf(run)], solver, { knownGpu: gpu });
  expect(fit.gpu).toEqual(gpu);
  // Behind the GPU a launch shows by its lead alone, which a synchronous engine does not tell.
  expect(error(launchNs(fit.launch.none), 10e6)).toBeLessThan(0.05);
});

test("a kind of step that never ran is called a guess", () => {
  const decodes = Array.from({ length: 60 }, (_, k) => ({ arrivalMs: 200 * k, promptTokens: 16, outputTokens: 12 }));
  const { unidentified } = fitEngine([logOf(recordEngine({ cost: known }, decodes, { name: "short" }))], solver);
  expect(unidentified).toContain('launch of steps of kind "none": it never showed, it is a guess');
  expect(unidentified).toContain("GPU time per prefill token: too few long prefills, it is a guess");
});

test("sizes whose decodes lie off the line come back with their intervals, and the error of steps kept out is told", () => {
  // As of a model with experts: concave.
  const factors: [number, number][] = [[1, 0.8], [2, 0.95], [4, 1.15], [8, 1.35], [16, 1.45], [32, 1.45]]; // prettier-ignore
  const concave = { ...known, gpu: { ...known.gpu, decode_factors: factors } };
  const runs = recordings({ cost: concave });
  const { gpu, intervals, findings, draws } = fitEngine(runs.map(logOf), solver);
  for (const batch of [2, 4, 8, 16, 32]) {
    const step = stepOf(batch, 20 * batch);
    const truth = { ...concave.gpu, mixed_base_ns: known.gpu.mixed_base_ns! };
    expect([batch, error(gpuNsOf(step, gpu), gpuNsOf(step, truth)).toFixed(3)]).toEqual([
      batch,
      expect.stringMatching(/^0\.0[012]/),
    ]);
  }
  const times = gpu.decode_factors!.map(([tokens]) => decodeBaseNs(gpu, tokens));
  times.slice(1).forEach((ns, at) => {
    expect(ns).toBeGreaterThanOrEqual(0.9999 * times[at]!);
  });
  gpu.decode_factors!.forEach(([, factor], at) => {
    const [low, high] = intervals[`gpu.decode_factors.${at}.1`]!;
    expect(low).toBeLessThanOrEqual(1.02 * factor);
    expect(high).toBeGreaterThanOrEqual(0.98 * factor);
    expect(draws.every((draw) => draw[`gpu.decode_factors.${at}.1`]! > 0)).toBe(true);
  });
  expect(findings.join()).toMatch(
    /^decode steps of \d+ padded sizes have times of their own.* missed by \d\.\d % on average/,
  );
});
