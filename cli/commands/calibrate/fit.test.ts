/** calibrate vllm --from on small recordings of an engine of known costs: to its end, with another host, rejected. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Profile, RequestRecord, Run } from "../../../formats/index.js";
import { readProfile, writeRun } from "../../../formats/files/index.js";
import { exponential, stream } from "../../../sim/index.js";
import { recordEngine } from "../../../test/support/recorded-engine.js";
import { type Ended, servesimIn } from "../../../test/support/servesim-process.js";

const base = resolve("profiles/h100-llama-3.1-8b-vllm-0.26.json");
const { cost } = readProfile(base);

/** Fewer tell too little of time to first token. */
const REQUESTS = 32;

function load(name: string): Run {
  if (cost.kind !== "vllm_engine") throw new Error(`${base} is not of a vLLM engine`);
  const random = stream(name);
  let arrivalMs = 0;
  const sent = Array.from({ length: REQUESTS }, () => {
    arrivalMs += 80 * exponential(random);
    const promptTokens = 20 + Math.round(250 * exponential(random));
    return { arrivalMs, promptTokens, outputTokens: 5 + Math.round(8 * exponential(random)) };
  });
  return recordEngine({ cost }, sent, { name }).run;
}

/** The same load on a server that takes twice as long. */
function twiceAsSlow(run: Run): Run {
  const later = ({ arrivalNs }: RequestRecord, ns: number | undefined): number =>
    arrivalNs + 2 * ((ns ?? arrivalNs) - arrivalNs);
  const requests = run.requests.map((request) => ({
    ...request,
    firstTokenNs: later(request, request.firstTokenNs),
    lastTokenNs: later(request, request.lastTokenNs),
  }));
  return { ...run, requests };
}

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "servesim-fit-"));
  await writeRun(join(folder, "fitted"), load("fitted"));
  await writeRun(join(folder, "other"), load("other"));
  await writeRun(join(folder, "slow"), twiceAsSlow(load("other")));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const calibrate = (...words: string[]): Promise<Ended> =>
  servesimIn(folder, ["calibrate", "vllm", "--from", "fitted", ...words]);

test("a profile is written with its error on the run that was kept out, and replayed", async () => {
  const made = await calibrate("--held-out", "other", "--output", "made.json", "--name", "mine", "--json");
  expect([made.code, made.stderr]).toEqual([0, expect.stringContaining("profile written to made.json")]);
  const profile = JSON.parse(made.stdout) as Profile;
  expect(profile).toEqual(JSON.parse(readFileSync(join(folder, "made.json"), "utf8")));
  expect([profile.name, profile.held_out_runs!.map(({ recording }) => recording)]).toEqual([
    "mine",
    [expect.stringContaining("other")],
  ]);
  const { error } = profile.held_out_runs![0]!.metrics.mean_e2el_ms!;
  expect(Math.abs(error!)).toBeLessThan(0.1);

  const replayed = await servesimIn(folder, ["replay", "--profile", "made.json", "--recording", "other", "--json"]);
  expect([replayed.code, JSON.parse(replayed.stdout)]).toMatchObject([0, { requests: REQUESTS }]);
});

test("--refit host keeps the GPU costs of the base and fits the host's", async () => {
  const ended = await calibrate("--refit", "host", "--base", base, "--output", "refitted.json", "--json");
  expect([ended.code, ended.stderr]).toEqual([0, expect.stringContaining("its error on other loads is unknown")]);
  const refitted = (JSON.parse(ended.stdout) as Profile).cost;
  if (refitted.kind !== "vllm_engine" || cost.kind !== "vllm_engine") throw new Error(`got ${refitted.kind}`);
  expect(refitted.gpu).toMatchObject(cost.gpu);
  expect(refitted.host).not.toEqual(cost.host);
});

test("a profile that misses the run that was kept out is not written", async () => {
  const refit = ["--refit", "host", "--base", base];
  const rejected = await calibrate(...refit, "--held-out", "slow", "--output", "refused.json");
  expect(rejected.code).toBe(4);
  expect(rejected.stderr).toMatch(
    /the model misses .*slow: mean_tpot_ms is off by [-−].* \(at most 10 % is allowed\)/s,
  );
  expect(existsSync(join(folder, "refused.json"))).toBe(false);
});
