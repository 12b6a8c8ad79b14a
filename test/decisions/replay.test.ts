import { mkdtempSync, rmSync, writeFileSync, mkdirSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findRuns, readRecording } from "./recording.js";
import { replayDecisions } from "./replay.js";

const recorded = join(process.cwd(), "..", "shared", "data", "vllm-h100", "gpt2-kv1200", "kvpressure-r1");
const hasRecorded = existsSync(recorded);
if (!hasRecorded) console.warn(`SKIPPED: ${recorded} is not here, so no recorded server is replayed`);

const settings = {
  max_num_seqs: 8,
  max_num_batched_tokens: 20,
  max_model_len: 64,
  block_size: 4,
  num_gpu_blocks: 11,
  async_scheduling: false,
  enable_prefix_caching: false,
};

const columns =
  "step,schedule_start_us,update_start_us,scheduled_requests,scheduled_tokens,decode_requests,prefill_requests," +
  "prefill_tokens,context_tokens,decode_context_tokens,prefill_attention_pairs,sampling_requests,preempted,running," +
  "waiting,waiting_before,free_blocks,prefill_chunks,preempted_ids";

/**
 * A server that had done 40 steps before. x (10 tokens, 2 outputs) enters at once, y (15 tokens, 1 output) before step
 * 41: it gets 19 of the budget of 20 less x's decode.
 */
const steps = [
  "40,100,190,1,10,0,1,10,0,0,55,1,0,1,0,1,7,x:10:0,",
  "41,200,290,2,16,1,1,15,10,10,120,2,0,2,0,1,3,y:15:0,",
  "42,300,390,0,0,0,0,0,0,0,0,0,0,0,0,0,10,,",
];
const requests = ["x,10,2,ok,90,40", "y,15,1,ok,150,41"];

describe("the replay of a server's decisions", () => {
  let folder = "";

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "decisions-"));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function write(change: { settings?: object; steps?: readonly string[]; requests?: readonly string[] } = {}): void {
    const engine = { settings: { ...settings, ...change.settings } };
    writeFileSync(join(folder, "run.json"), JSON.stringify({ engine }));
    writeFileSync(join(folder, "steps.csv"), [columns, ...(change.steps ?? steps)].join("\n"));
    const header = "request_id,prompt_tokens,output_tokens,status,engine_add_us,engine_add_step";
    writeFileSync(join(folder, "requests.csv"), [header, ...(change.requests ?? requests)].join("\n"));
  }

  it("finds a true recording identical", async () => {
    write();
    expect(replayDecisions(await readRecording(folder))).toEqual({ steps: 3, identicalSteps: 3 });
  });

  it("names the step, and every field that differs in it", async () => {
    write({ steps: [steps[0]!, "41,200,290,2,16,1,1,15,10,10,120,2,0,2,0,1,4,y:14:1,", steps[2]!] });
    expect(replayDecisions(await readRecording(folder))).toEqual({
      steps: 3,
      identicalSteps: 1,
      firstDifference: "step 41: free_blocks: got 3, expected 4; prefill_chunks: got y:15:0, expected y:14:1",
    });
  });

  it("makes the calls in the order of their times: an update after the next schedule frees nothing for it", async () => {
    write({ steps: [steps[0]!, steps[1]!.replace(",290,", ",350,"), steps[2]!] });
    // Step 42 is scheduled before x and y have their last outputs.
    expect(replayDecisions(await readRecording(folder)).firstDifference).toContain(
      "step 42: running: got 2, expected 0; free_blocks: got 3, expected 10",
    );
  });

  it("takes a step that was never updated as one still in flight at the end", async () => {
    write({ steps: [steps[0]!, steps[1]!.replace(",290,", ",,")] });
    expect(replayDecisions(await readRecording(folder)).identicalSteps).toBe(2);
  });

  it.each([
    [{ steps: ["40,1,2,one,10,0,1,10,0,0,55,1,0,1,0,1,7,x:10:0,"] }, /steps\.csv:2: scheduled_requests: got "one"/],
    [{ steps: [`${steps[0]!}\n41,200`] }, /steps\.csv:3: got 2 fields, expected 19/],
    [{ steps: [] }, /no step/],
    [{ requests: [requests[0]!, "y,15,1,error,150,41"] }, /requests\.csv:3: status: got "error", expected ok/],
    [{ requests: ["x,10,2,ok,90,"] }, /requests\.csv:2: engine_add_step/],
    [{ requests: [requests[0]!] }, /steps\.csv: step \d+ has request "y", which requests\.csv lacks/],
    [{ steps: [steps[1]!.replace(",290,", ",9,")] }, /update_start_us: got 9, expected schedule_start_us 200 or more/],
    [{ settings: { num_gpu_blocks: 1e12 } }, /num_gpu_blocks: got 1000000000000, expected/],
    [{ settings: { speculative_config: { method: "ngram" } } }, /speculative_config" is not modelled/],
    [{ settings: { num_gpu_blocks: undefined } }, /run\.json: engine\.settings\.num_gpu_blocks/],
  ])("rejects what it cannot read, naming file and line: %j", async (change, message) => {
    write(change);
    await expect(readRecording(folder)).rejects.toThrow(message);
  });

  it("finds the run folders below a folder, and says so when there are none", () => {
    expect(() => findRuns(folder)).toThrow("no run in it");
    for (const name of ["b/two", "b/one", "a"]) {
      mkdirSync(join(folder, name), { recursive: true });
      writeFileSync(join(folder, name, "run.json"), "{}");
    }
    expect(findRuns(folder)).toEqual(["a", "b/one", "b/two"].map((name) => join(folder, name)));
    expect(() => findRuns(join(folder, "c"))).toThrow("no such folder");
    expect(findRuns(join(folder, "a", "run.json"))).toEqual([]);
  });
});

(hasRecorded ? it : it.skip)("every decision of a real server under KV pressure is made again", async () => {
  const recording = await readRecording(recorded);
  expect(replayDecisions(recording)).toEqual({ steps: 1128, identicalSteps: 1128 });
  expect(recording.steps.reduce((sum, { preempted }) => sum + preempted, 0)).toBe(112);
});
