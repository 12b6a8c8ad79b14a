/** Answers about two settings against servers that have one of them each. */
import { type Answer, loadSchema, parseSlos, type Run } from "../../../formats/index.js";
import { type LoadToSend, planVerification, verify } from "../../../jobs/verify/index.js";
import type { SessionSummary } from "../../../sim/index.js";
import { type FakeVllm, startFakeVllm } from "../../../test/support/fake-vllm.js";
import type { VerifyFlags } from "./index.js";
import { vllmSender } from "./vllm.js";

let server: FakeVllm;

beforeAll(async () => {
  server = await startFakeVllm();
});

afterAll(() => server.close());

const load = loadSchema.parse({
  dataset_name: "fixed",
  input_len: 20,
  output_len: 4,
  request_rate: 5,
  num_prompts: 20,
});

async function loadsOf(changes: readonly string[]): Promise<readonly LoadToSend[]> {
  const asked = { policy: "vllm", settings: {}, profile: "h100-llama-3.1-8b-vllm-0.26", seed: "1", load, changes };
  const question = { name: "whatif", goal: "", asked };
  // What a plan is made from; the rest of an answer says what was found.
  const answer = { question, value: -1, unit: "ms of mean_e2el", interval: null, differences: [] } as unknown as Answer;
  return (await planVerification("a.json", answer, { loads: 3, seconds: 60 })).loads;
}

function flags(given: Partial<VerifyFlags> = {}): VerifyFlags {
  const { baseUrl: base_url } = server;
  return { base_url, insecure: false, control_timeout_s: 10, endpoint: "/v1/completions", ...given } as VerifyFlags;
}

test("sessions are sent around the answer as bench sends them, and what the server found cached is judged too", async () => {
  const cached = await startFakeVllm({ blockTokens: 16, script: () => ({ firstMs: 4 }) });
  try {
    const talks = { dataset_name: "sessions", sessions_turns: 3, sessions_input_len: 30, sessions_output_len: 4 };
    const asked = {
      ...{
        policy: "vllm",
        settings: { enable_prefix_caching: true, block_size: 16 },
        profile: "h100-llama-3.1-8b-vllm-0.26",
      },
      ...{ seed: "1", vary: "session_rate", sessions: true, goals: { slos: parseSlos("mean_e2el:2000") } },
      load: loadSchema.parse({ ...talks, sessions_think_s: 0.05, session_rate: 1 }),
    };
    delete (asked.load as { session_rate?: number }).session_rate;
    const answer = {
      ...{ question: { name: "capacity", goal: "mean_e2el <= 2000 ms", asked }, value: 40, unit: "sessions/s" },
      interval: { low: 38, high: 42 },
    } as unknown as Answer;
    const plan = await planVerification("a.json", answer, { loads: 3, seconds: 1 });
    const sender = await vllmSender(plan.loads, flags({ base_url: cached.baseUrl, num_warmups: 1 }));
    const { loads } = sender;
    const runs: Run[] = [];
    const found = await verify({
      ...{ answer, plan: { ...plan, loads }, tolerance: 0.1, replications: 3 },
      measure: async (_, input, at) => {
        const run = await sender.send(at, input, { signal: new AbortController().signal, onProgress: () => undefined });
        runs.push(run);
        return { run, folder: null };
      },
    });
    expect(found.loads.map(({ what }) => what)).toEqual([
      "at 30.4 sessions/s",
      "at 40 sessions/s",
      "at 50.4 sessions/s",
    ]);
    for (const [at, run] of runs.entries()) {
      const { count, completed, cached_share: share } = run.info.sessions as SessionSummary;
      expect([count, completed]).toEqual([loads[at]!.point.count, count]);
      expect(found.loads[at]).toMatchObject({ requests: 3 * count });
      const judged = found.loads[at]!.statistics.find(({ statistic }) => statistic === "cached_share")!;
      expect(judged.measured).toBe(share);
      expect(judged.predicted).toBeCloseTo(share!, 2);
      expect(judged.verdict).not.toBe("differs");
    }
  } finally {
    await cached.close();
  }
});

test("a change of the load is sent to one server, both sides", async () => {
  const { loads, notes } = await vllmSender(await loadsOf(["request_rate=x2"]), flags());
  expect([loads.map(({ side }) => side), notes]).toEqual([["before", "after"], []]);
});

test("of changed settings one server shows the side that --side says, and the other is named", async () => {
  const { loads, notes } = await vllmSender(await loadsOf(["max_num_seqs=64"]), flags({ side: "after" }));
  expect(loads.map(({ what }) => what)).toEqual(["after the change"]);
  expect(notes.join()).toMatch(
    /^before the change: not checked, http.* does not run with max_num_seqs 128; give such a/,
  );
});

test("a server that reports its settings shows the side that has them, and one with neither side's is rejected", async () => {
  const reports = (max_num_seqs: number) =>
    startFakeVllm({ serverInfo: { vllm_config: { scheduler_config: { max_num_seqs } }, system_env: {} } });
  const [after, neither] = await Promise.all([reports(64), reports(32)]);
  try {
    const loads = await loadsOf(["max_num_seqs=64"]);
    const found = await vllmSender(loads, flags({ base_url: after.baseUrl }));
    expect(found.loads.map(({ side }) => side)).toEqual(["after"]);
    await expect(vllmSender(loads, flags({ base_url: neither.baseUrl }))).rejects.toThrow(
      /has max_num_seqs 32; the answer is about max_num_seqs 128 \(before\) and max_num_seqs 64 \(after\): start the server/,
    );
  } finally {
    await Promise.all([after.close(), neither.close()]);
  }
});

test("two servers show both sides", async () => {
  const { loads } = await vllmSender(await loadsOf(["max_num_seqs=64"]), flags({ after_url: server.baseUrl }));
  expect(loads.map(({ side }) => side)).toEqual(["before", "after"]);
});

test("a server that does not report what was changed, and a second one that is not needed, are mistakes with a remedy", async () => {
  await expect(vllmSender(await loadsOf(["max_num_seqs=64"]), flags())).rejects.toThrow(
    /does not report max_num_seqs, which the answer changes: say which side it is with --side before or --side after/,
  );
  const needless = flags({ after_url: server.baseUrl });
  await expect(vllmSender(await loadsOf(["request_rate=x2"]), needless)).rejects.toThrow(
    /both sides of the answer have the same settings, leave it out/,
  );
});
