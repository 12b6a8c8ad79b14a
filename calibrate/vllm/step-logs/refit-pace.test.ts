/** A host of known costs, recorded again at another pace, or as another host altogether. */
import { readProfile } from "../../../formats/files/index.js";
import type { Profile, VllmEngineCost } from "../../../formats/index.js";
import { atPace, exponential, stream } from "../../../sim/index.js";
import { recordEngine } from "../../../test/support/recorded-engine.js";
import { refitPace } from "./refit-pace.js";

const base = readProfile("profiles/h100-llama-3.1-8b-vllm-0.26.json");
const cost = base.cost as VllmEngineCost;

const random = stream("refit/arrivals");
let atMs = 0;
const sent = Array.from({ length: 250 }, () => {
  atMs += 60 * exponential(random);
  return { arrivalMs: atMs, promptTokens: 20 + Math.round(200 * exponential(random)), outputTokens: 40 };
});
const record = (of: VllmEngineCost): ReturnType<typeof recordEngine> => recordEngine({ cost: of }, sent, { name: "other" }); // prettier-ignore

test("a host whose times are all 30 % shorter is one number, and the profile's other costs stay", () => {
  const refit = refitPace(base, [record(atPace(cost, 0.7))]);
  expect(Math.abs(refit.cost!.host.pace! / 0.7 - 1)).toBeLessThan(0.06);
  expect({ ...refit.cost!, host: { ...refit.cost!.host, pace: undefined } }).toEqual({ ...cost, host: { ...cost.host, pace: undefined } }); // prettier-ignore
});

test("a host whose launches take three times as long beside equal calls is not, and it is said by how much", () => {
  const { host } = cost;
  const launch_full_graph = { ...host.launch_full_graph, base_ns: 4 * host.launch_full_graph.base_ns };
  const refit = refitPace(base, [record({ ...cost, host: { ...host, launch_full_graph } })]);
  expect(refit.cost).toBeNull();
  expect("reason" in refit && refit.reason).toMatch(/other at its pace of [\d.]+: mean tpot is off by -\d/);
});

test("without step logs, or from a profile without a pace, one number is not asked for", () => {
  const { run, name } = record(cost);
  expect(refitPace(base, [{ run, name }])).toMatchObject({ cost: null, reason: expect.stringMatching(/no step log/) as string }); // prettier-ignore
  const { pace, ...jitter } = cost.jitter!;
  expect(pace).toBeDefined();
  const older: Profile = { ...base, cost: { ...cost, jitter } };
  expect(refitPace(older, [record(cost)])).toMatchObject({ cost: null, reason: "it knows no pace that all times of its host share" }); // prettier-ignore
});
