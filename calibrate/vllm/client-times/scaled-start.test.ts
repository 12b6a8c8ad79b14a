import type { RequestRecord, Run } from "../../../formats/index.js";
import { smallRun } from "../../../test/support/small-run.js";
import { blackBoxConstants } from "./black-box-constants.js";
import { guessed, startFrom } from "./black-box-start.js";
import type { Replay } from "./client-target.js";
import { scaledStart } from "./scaled-start.js";

/** 11 tokens, one every so many ms. */
function request(id: number, tpotMs: number): RequestRecord {
  return {
    requestId: String(id),
    arrivalNs: 0,
    firstTokenNs: 1e6,
    lastTokenNs: 1e6 + 10 * tpotMs * 1e6,
    promptTokens: 10,
    outputTokens: 11,
    status: "ok",
  };
}

function run(tpotMs: number): Run {
  return smallRun(
    [0, 1, 2].map((id) => request(id, tpotMs)),
    {},
  );
}

test("costs of steps are scaled until simulated requests take as long per token as recorded ones; others stay", () => {
  const start = guessed(startFrom({ fastestTpotMs: 40, idleTtftMs: 60 }));
  const parts = { ...blackBoxConstants.parts, experts: { total: 128, active: 8 } };
  let trials = 0;
  // A server whose steps take what their base and three quarters of its experts do, and 3 ms of something else.
  const replay: Replay = (_, { gpu }) => {
    trials++;
    return run((gpu.decode_base_ns + 0.75 * gpu.experts!.all_ns) / 1e6 + 3);
  };
  const scaled = scaledStart(start, [run(20)], replay, parts);
  const { decode_base: base, experts, context_token: context, request: handling } = scaled.parameters;
  expect((base + 0.75 * experts) / 1e6 + 3).toBeGreaterThan(20 / 1.03);
  expect((base + 0.75 * experts) / 1e6 + 3).toBeLessThan(20 * 1.03);
  expect(trials).toBeLessThanOrEqual(8);
  expect(context / start.parameters.context_token).toBeCloseTo(experts / (0.6 * start.parameters.decode_base), 6);
  expect(handling).toBe(start.parameters.request);
});
