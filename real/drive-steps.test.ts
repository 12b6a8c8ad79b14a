/** Clients that give up between the steps of a real run, on a clock that moves by what steps take. */
import type { RequestRecord, Workload, WorkloadRequest } from "../formats/index.js";
import { planPolicy, withAttempts } from "../sim/index.js";
import type { Clock } from "./clock.js";
import { driveSteps } from "./drive-steps.js";
import { requestOfRow, requestRow } from "./request-rows.js";
import type { DrivenSteps } from "./steps-run.js";

const MS = 1e6;
const STEP_MS = 10;
const machine = { totalBytes: 2 ** 30, baseBytes: 0, kvBytesPerToken: 64, positions: 256 };

interface Driven extends DrivenSteps {
  /** In the order of their ends. */
  readonly ended: readonly RequestRecord[];
  /** Requests that each step computed, and those whose slots were free before it. */
  readonly computed: readonly (readonly number[])[];
  readonly released: readonly number[];
}

async function driven(
  policy: string,
  requests: readonly Partial<WorkloadRequest>[],
  more: Partial<Workload> = {},
): Promise<Driven> {
  // One step at a time: what another one in flight computes for a client that is gone depends on where it stood.
  const settings = policy === "vllm" ? { async_scheduling: false } : {};
  const plan = planPolicy(policy, { ...settings, max_num_seqs: 1, max_model_len: 128 }, { source: "test" });
  if (plan.work !== "step") throw new Error("steps");
  let nowNs = 0;
  const clock: Clock = {
    nowNs: () => nowNs,
    until: (timeNs) => {
      nowNs = Math.max(nowNs, timeNs);
      return Promise.resolve();
    },
  };
  const [computed, released, ended]: [number[][], number[], RequestRecord[]] = [[], [], []];
  const workload = {
    requests: requests.map((one, at) => ({ id: String(at), promptTokens: 4, outputTokens: 6, arrivalNs: 0, ...one })),
    ...{ maxConcurrency: Infinity, thinkNs: 0, ...more },
  };
  const run = await driveSteps({
    ...{ workload, schedulers: plan.create(machine), clock },
    onStep: () => undefined,
    onEnded(log, index, entry) {
      ended.push(requestOfRow(requestRow(log, index, { entry, tokens: [] }), withAttempts(workload)).record);
    },
    runStep(work, free) {
      computed.push(work.map(({ index }) => index));
      released.push(...free);
      const startNs = nowNs;
      nowNs += STEP_MS * MS;
      return { startNs, endNs: nowNs, runtimeNs: nowNs - startNs, slotCopies: 0 };
    },
  });
  return { ...run, computed, released, ended };
}

const shortly = ({ ended }: Driven): unknown[] =>
  ended.map(({ requestId, status, outputTokens, extra }) => [requestId, status, outputTokens, extra!.aborted_ms]);

describe.each(["vllm", "orca"])("%s", (policy) => {
  test("one that waits leaves the queue, one within its answer leaves its seat and slot, and its work is counted as wasted", async () => {
    const run = await driven(policy, [{ e2elPatienceNs: 25 * MS }, { ttftPatienceNs: 15 * MS }, {}]);
    expect(shortly(run)).toEqual([
      ["1", "aborted", 0, "15"],
      ["0", "aborted", 2, "25"],
      ["2", "ok", 6, undefined],
    ]);
    expect(run.computed).toEqual([[0], [0], [0], ...Array.from({ length: 6 }, () => [2])]);
    expect(run.released).toContain(0);
    expect(run.giveUps).toMatchObject({
      ...{ aborted: 2, aborted_before_first_token: 1, aborted_in_answer: 1, retried: 0, unanswered: 2 },
      ...{ wasted_prompt_tokens: 4, wasted_output_tokens: 3, wasted_gpu_share: 3 / 9 },
    });
  });

  test("who gives up tries again after its pause, as another request", async () => {
    const retries = { most: 1, pausesNs: Float64Array.of(500 * MS, 30 * MS) };
    const run = await driven(policy, [{}, { ttftPatienceNs: 15 * MS }], { retries });
    expect(shortly(run)).toEqual([
      ["1", "aborted", 0, "15"],
      ["0", "ok", 6, undefined],
      ["1-retry1", "aborted", 0, "60"],
    ]);
    expect(run.giveUps).toMatchObject({ aborted: 2, retried: 1, unanswered: 1 });
  });
});
