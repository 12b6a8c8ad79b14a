/** servesim compare SIM REAL --trace: both runs in one file. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { command as compareCommand } from "./index.js";
import { command as simulateCommand } from "../simulate.js";

const folder = mkdtempSync(join(tmpdir(), "servesim-compared-"));
const writes = { out: process.stdout.write.bind(process.stdout), err: process.stderr.write.bind(process.stderr) };
beforeAll(() => {
  process.stdout.write = process.stderr.write = () => true;
});
afterAll(() => {
  process.stdout.write = writes.out;
  process.stderr.write = writes.err;
  rmSync(folder, { recursive: true, force: true });
});

/** A simulated run, and its copy that says that it was measured. */
async function pair(policy: string, profile: string): Promise<{ readonly sim: string; readonly real: string }> {
  const [sim, real] = [join(folder, `${policy}-sim`), join(folder, `${policy}-real`)];
  const load = { "dataset-name": "random", "random-input-len": "50", "random-output-len": "20", "num-prompts": "20" };
  await simulateCommand.run({ policy, profile, ...load, "request-rate": "10", replications: "1", output: sim });
  cpSync(sim, real, { recursive: true });
  const info = JSON.parse(readFileSync(join(real, "run.json"), "utf8")) as object;
  writeFileSync(join(real, "run.json"), JSON.stringify({ ...info, source: "real" }));
  return { sim, real };
}

interface Event {
  readonly ph: string;
  readonly pid: number;
  readonly ts: number;
  readonly name: string;
  readonly args: { readonly name: string };
}

const compare = async (args: object): Promise<void> => {
  await compareCommand.run({ _: [], $0: "", ...args });
};

test("batches of both runs stand below each other on one clock; repeats are numbered", async () => {
  const { sim, real } = await pair("naive", "mini-cpu-2core");
  const trace = join(folder, "t.json.gz");
  await compare({ sim, real: [real, real], trace });
  const { traceEvents, otherData } = JSON.parse(gunzipSync(readFileSync(trace)).toString()) as {
    traceEvents: Event[];
    otherData: object;
  };
  expect(otherData).toMatchObject({ policy: "naive", simulated: sim, real: [real, real], requests: 60 });
  const names = traceEvents.filter(({ name }) => name === "process_name").map(({ pid, args }) => [pid, args.name]);
  expect(names).toEqual([
    [1, "simulated: requests"],
    [2, "simulated: engine"],
    [3, "real: requests"],
    [4, "real: engine"],
    [5, "real, repeat 2: requests"],
    [6, "real, repeat 2: engine"],
  ]);
  const first = (of: number): number => traceEvents.find(({ ph, pid }) => ph === "X" && pid === of)!.ts;
  expect([first(4), first(6)]).toEqual([first(2), first(2)]);
  await expect(compare({ sim, real: [real], trace })).rejects.toThrow(/t\.json\.gz exists already.*--force/);
});

test("what has no steps or batches has no trace, and is named; flags of the trace need it", async () => {
  const { sim, real } = await pair("vllm", "h100-llama-3.1-8b-vllm-0.26");
  await expect(compare({ sim, real: [real], trace: join(folder, "v.json") })).rejects.toThrow(
    /--trace: .*vllm-real has no steps or batches/,
  );
  await expect(compare({ sim, real: [real], profile: "p.json" })).rejects.toThrow(
    "--profile p.json: is only for --trace, leave it out",
  );
});
