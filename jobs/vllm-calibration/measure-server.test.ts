import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRun } from "../../formats/files/index.js";
import { sglang } from "../../test/support/fake-engines.js";
import { startFakeVllm, type FakeVllm, type FakeVllmOptions } from "../../test/support/fake-vllm.js";
import { measureServer, type MeasuredServer, type MeasureServerInput } from "./measure-server.js";

let folder: string;
let fake: FakeVllm;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-calibrate-"));
});
afterEach(async () => {
  await fake.close();
  rmSync(folder, { recursive: true, force: true });
});

const stated = { max_num_seqs: 8, max_num_batched_tokens: 256, async_scheduling: false };

function metrics(cached = 0): string {
  return [
    'vllm:request_queue_time_seconds_bucket{le="+Inf"} 0',
    `vllm:prefix_cache_hits_total ${cached}`,
    "vllm:num_requests_running 0",
    'vllm:cache_config_info{block_size="16",num_gpu_blocks="500"} 1',
    "",
  ].join("\n");
}

async function start(options: FakeVllmOptions = {}): Promise<void> {
  fake = await startFakeVllm({ maxModelLen: 512, metrics: () => metrics(), ...options });
}

function measure(changes: Partial<MeasureServerInput> = {}): Promise<MeasuredServer> {
  return measureServer({
    baseUrl: fake.baseUrl,
    stated,
    vocab: 1000,
    budgetMs: 8_000,
    seed: "1",
    rawFolder: join(folder, "p.json.raw"),
    resume: false,
    // Here other tests may keep the cores busy.
    acceptDisturbed: true,
    signal: new AbortController().signal,
    onProgress: () => undefined,
    ...changes,
  });
}

test("runs of the recorded form: labelled probes one group after another, a load to fit, two loads to score", async () => {
  await start();
  const labels: string[] = [];
  const measured = await measure({ onProgress: (_, __, label) => labels.push(label) });
  const raw = join(folder, "p.json.raw");
  const probes = await readRun(join(raw, "probes"));
  expect(probes.info.load).toEqual({ kind: "probes" });
  expect(probes.info.engine.settings).toMatchObject({
    ...stated,
    max_model_len: 512,
    block_size: 16,
    num_gpu_blocks: 500,
  });
  const kinds = new Set(probes.requests.map(({ extra }) => extra!.probe!.replaceAll(/\d+/g, "#")));
  expect([...kinds]).toEqual(expect.arrayContaining(["prefill-p#-o#", "decode-b#-c#", "mixed-b#"]));
  const eight = probes.requests.filter(({ extra }) => extra!.probe === "decode-b8-c16");
  expect(eight.length % 8).toBe(0);
  expect(eight.length).toBeGreaterThan(0);
  for (const name of ["mixed", "held-out", "held-out-busy"]) {
    const load = await readRun(join(raw, name));
    expect(load.info.load.kind).toBe("open_loop");
    expect(load.requests.length).toBeGreaterThanOrEqual(30);
    expect(existsSync(join(raw, name, "server.json"))).toBe(true);
  }
  expect(readdirSync(raw)).not.toContain("groups");
  expect(labels).toContain("mixed load");
  expect(measured.settings.provenance.max_num_seqs).toBe("stated");
  expect(measured.notes.join("\n")).toMatch(
    /held-out-busy: \d+ requests at [\d.]+\/s, \d+ % of what ladders and the lighter loads/,
  );
});

test("an interrupted calibration goes on where it was", async () => {
  await start();
  const controller = new AbortController();
  const raw = join(folder, "p.json.raw");
  const stopAt = (_: number, __: number, label: string): void => {
    if (label === "held-out load") controller.abort();
  };
  await expect(measure({ signal: controller.signal, onProgress: stopAt })).rejects.toThrow();
  const kept = readdirSync(join(raw, "groups"));
  expect(kept.length).toBeGreaterThan(3);
  const stamp = new Date(1e12);
  for (const name of kept) utimesSync(join(raw, "groups", name, "run.json"), stamp, stamp);
  const sentBefore = fake.received.length;
  let stampsKept = 0;
  const look = (_: number, __: number, label: string): void => {
    if (label !== "held-out load") return;
    stampsKept = kept.filter((name) => statSync(join(raw, "groups", name, "run.json")).mtimeMs === 1e12).length;
  };
  const { probes, mixed, heldOut, busy } = await measure({ resume: true, onProgress: look });
  expect(stampsKept).toBe(kept.length);
  // Loads that were not there may be sent twice, where other tests keep the cores busy; what was there is not sent again.
  const [there, missing] = [[probes, mixed], [heldOut, busy]].map((runs) => runs.flatMap(({ requests }) => requests).length); // prettier-ignore
  expect(fake.received.length - sentBefore).toBeLessThan(there! + 2 * missing!);
  // Once whole, nothing is sent but the questions what server it is.
  const sentWhole = fake.received.length;
  expect((await measure({ resume: true })).probes.requests).toHaveLength(probes.requests.length);
  expect(fake.received).toHaveLength(sentWhole);
  await expect(measure({ resume: true, stated: { ...stated, max_num_seqs: 16 } })).rejects.toThrow(
    /measured on another server \(max_num_seqs 8, now 16\)/,
  );
});

test("settings that neither server nor user tells are asked for by their flags", async () => {
  await start();
  await expect(measure({ stated: { max_num_seqs: 8 } })).rejects.toThrow(
    "does not report max_num_batched_tokens, async_scheduling; give the values it was started with (--max-num-batched-tokens, --async-scheduling)",
  );
});

test("the number of KV blocks is asked for before anything is sent, and stating it on resuming is the same server", async () => {
  const blockless = (): string => metrics().replace(',num_gpu_blocks="500"', "");
  await start({ metrics: blockless });
  await expect(measure()).rejects.toThrow(
    "does not report num_gpu_blocks; give the values it was started with (--num-gpu-blocks)",
  );
  expect(fake.received).toHaveLength(0);
  const controller = new AbortController();
  const stopAt = (_: number, __: number, label: string): void => {
    if (label === "mixed load") controller.abort();
  };
  const known = { ...stated, num_gpu_blocks: 400 };
  await expect(measure({ stated: known, signal: controller.signal, onProgress: stopAt })).rejects.toThrow();
  // As a calibration of an older version left it, which did not ask.
  const path = join(folder, "p.json.raw", "plan.json");
  const plan = JSON.parse(readFileSync(path, "utf8")) as { settings: Record<string, unknown> };
  delete plan.settings.num_gpu_blocks;
  writeFileSync(path, JSON.stringify(plan));
  const { probes, mixed, heldOut } = await measure({ stated: known, resume: true });
  for (const { info } of [probes, mixed, heldOut]) expect(info.engine.settings.num_gpu_blocks).toBe(400);
  await expect(measure({ stated: { ...known, max_num_seqs: 16 }, resume: true })).rejects.toThrow("another server");
});

test("a server of two engines, with drafts or of another kind is rejected before anything is sent", async () => {
  await start({ metrics: () => `${metrics()}vllm:num_requests_running{engine="1"} 0\n` });
  await expect(measure()).rejects.toThrow(/\/metrics has 2 engines \(data parallelism\); .*data_parallel_size 1/);
  expect(fake.received).toHaveLength(0);
  await fake.close();
  const vllm_config = { parallel_config: { data_parallel_size: 1 }, speculative_config: { method: "ngram" } };
  await start({ serverInfo: { vllm_config, system_env: {} } });
  await expect(measure()).rejects.toThrow(/speculative_config = .*\(speculative decoding\)/);
  await fake.close();
  await start(sglang);
  await expect(measure()).rejects.toThrow(
    /is a server of SGLang, expected vLLM: a profile is fitted to the steps of vLLM's scheduler .*; .* bench --backend vllm/,
  );
  expect(fake.received).toHaveLength(0);
  await fake.close();
  await start({ ownedBy: "lmdeploy", metrics: () => undefined });
  await expect(measure()).rejects.toThrow(
    /does not say that it is a vLLM server \(engine "lmdeploy"\), .*: a profile is/,
  );
});

test("random prompts that are found in the prefix cache end the calibration", async () => {
  let cached = 0;
  await start({ metrics: () => metrics(cached), script: () => ((cached += 10), {}) });
  await expect(measure()).rejects.toThrow(/prompt tokens in its prefix cache.*--no-enable-prefix-caching/s);
});

/** Metrics of a server on which someone else is at work: as many requests again, until so many were sent in all. */
function shared(untilSent: number): () => string {
  return () => {
    const sent = fake.received.length;
    const others = Math.min(sent, untilSent);
    return `${metrics()}vllm:request_success_total{finished_reason="length"} ${sent + others}\n`;
  };
}

test("a load that others disturbed is measured again once, and the calibration ends when it is disturbed again", async () => {
  await start({ metrics: shared(Infinity) });
  await expect(measure({ acceptDisturbed: false })).rejects.toThrow(
    /the mixed load was disturbed twice: .*requests of others.*nobody else uses.*--resume/s,
  );
  // What was disturbed is on disk, and is not taken for good when the calibration goes on.
  await expect(measure({ resume: true, acceptDisturbed: false })).rejects.toThrow(/disturbed twice/);
});

test("probes that fail end the calibration, with the first reason", async () => {
  await start({
    script: (_, { body }) =>
      body.max_tokens === 64 ? { misbehaves: { kind: "status", status: 500, body: "out of memory" } } : {},
  });
  await expect(measure()).rejects.toThrow(/probes failed, the first with: HTTP 500.*out of memory/);
});

test("a folder that holds other files is not cleared, resumed or not", async () => {
  await start();
  const rawFolder = join(folder, "p.json.raw");
  mkdirSync(rawFolder);
  writeFileSync(join(rawFolder, "thesis.tex"), "mine");
  for (const resume of [false, true]) {
    await expect(measure({ resume })).rejects.toThrow(
      /p\.json\.raw holds thesis\.tex, which is not from a calibration of a server/,
    );
  }
  expect(readFileSync(join(rawFolder, "thesis.tex"), "utf8")).toBe("mine");
});
