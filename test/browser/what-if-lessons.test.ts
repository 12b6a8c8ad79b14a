/** What the lessons of the what-if page say happens, in the simulations that the page makes. */
import { startValues } from "../../jobs/what-if-page/start-values.js";
import { loadProfile } from "../../jobs/inputs/index.js";
import { presetsOf, runOptions, type ComparedPolicy, type KnobValue } from "../../page/model/index.js";
import type { ShownRun } from "../../page/worker/index.js";
import { runInput } from "../../page/worker/run-input.js";
import { shownRun } from "../../page/worker/shown-run.js";

describe.each(["mini-cpu-2core", "h100-llama-3.1-8b-vllm-0.26"])("on %s", (reference) => {
  const profile = loadProfile(reference);
  const page = { reference, profile, defaults: startValues(profile) };

  const simulated = (changed: Readonly<Record<string, KnobValue>>, policy: ComparedPolicy): ShownRun =>
    shownRun(runInput(page, runOptions(page, { profile: 0, changed }, policy)));
  const lesson = (id: string, policy: ComparedPolicy = "vllm") => {
    const { before, after } = presetsOf(page).find((preset) => preset.id === id)!;
    return { before: simulated(before, policy), after: simulated(after, policy) };
  };
  const metric = ({ summary }: ShownRun, key: string): number => summary[key] as number;

  test("lengths that differ cost naive more of its throughput than vllm", () => {
    const kept = (policy: ComparedPolicy): number => {
      const { before, after } = lesson("static", policy);
      return metric(after, "output_throughput") / metric(before, "output_throughput");
    };
    expect(kept("naive")).toBeLessThan(0.9 * kept("vllm"));
  });

  test("a smaller token budget shortens the longest gaps between tokens", () => {
    const { before, after } = lesson("long-prompt");
    expect(metric(after, "p99_itl_ms")).toBeLessThan(metric(before, "p99_itl_ms"));
  });

  test("with few blocks requests are preempted, and wait longer", () => {
    const { before, after } = lesson("blocks");
    expect(before.preemptions).toBe(0);
    expect(after.preemptions).toBeGreaterThan(0);
    expect(metric(after, "mean_ttft_ms")).toBeGreaterThan(metric(before, "mean_ttft_ms"));
  });

  test("twice as many requests are more than vllm can serve", () => {
    const { before, after } = lesson("knee");
    expect([before.summary.overloaded, after.summary.overloaded]).toEqual([false, true]);
  });

  test("the prefix cache shortens the time to first token", () => {
    const { before, after } = lesson("prefix");
    expect(metric(after, "mean_ttft_ms")).toBeLessThan(metric(before, "mean_ttft_ms"));
  });
});
