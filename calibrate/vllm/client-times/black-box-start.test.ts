/** What the start of a search knows, cost by cost, of recordings with and without the probes that tell it. */
import { recordEngine, type KnownRequest } from "../../../test/support/recorded-engine.js";
import { loadLinearSolver, type LinearSolver } from "../../fit/numerics/index.js";
import { blackBoxConstants } from "./black-box-constants.js";
import { costOf, parameterNames, type ParameterName } from "./black-box-model.js";
import { originNotes, startFrom, startsOf, type Start } from "./black-box-start.js";
import type { RecordedRun } from "../recording/index.js";
import { pullOf } from "./search-costs.js";

const parameters = {
  ...startFrom({ fastestTpotMs: 7, idleTtftMs: 20 }),
  prefill_padded_token: 100_000,
  attention_pair: 30,
};
/** Without jitter, so that what is measured does not depend on a draw. */
const cost = { ...costOf(parameters), jitter: undefined };

const prefills = [16, 64, 256, 560, 700, 850, 1000];

function probes(
  groups: readonly (readonly [probe: string, count: number, prompt: number, outputs: number])[],
): RecordedRun {
  let arrivalMs = 10;
  const sent = groups.flatMap(([probe, count, promptTokens, outputTokens]): KnownRequest[] => {
    const group = Array.from({ length: count }, () => ({ arrivalMs, promptTokens, outputTokens, probe }));
    arrivalMs += 3000;
    return group;
  });
  return recordEngine({ cost }, sent, { name: "probes" });
}

/** Twice each, one after the other. */
const lone = [...prefills, ...prefills].map((length) => [`prefill-p${length}-o2`, 1, length, 2] as const);
const ladder = [
  ...[1, 4, 16, 32].map((batch) => [`decode-b${batch}-c16`, batch, 16, 24] as const),
  ["decode-b8-c1000", 8, 1000, 24] as const,
];
const load = recordEngine(
  { cost },
  Array.from({ length: 40 }, (_, k) => ({ arrivalMs: 80 * k, promptTokens: 100, outputTokens: 20 })),
  { name: "load" },
);

let solver: LinearSolver;
beforeAll(async () => {
  solver = await loadLinearSolver();
});

const measuredBy = ({ origins }: Start): ParameterName[] =>
  parameterNames.filter((name) => origins[name] === "measured");
const pull = (start: Start, name: ParameterName): number => pullOf(name, start, blackBoxConstants.search.pulls);
const startOf = (...runs: RecordedRun[]): Start => startsOf(runs, solver).starts[0]!;

test("ladders of both kinds tell five costs; the rest is in their proportion, and pulled less", () => {
  const start = startOf(probes([...lone, ...ladder]), load);
  expect(measuredBy(start)).toEqual(["decode_base", "decode_padded_token", "context_token", "prefill_padded_token", "attention_pair"]); // prettier-ignore
  expect(start.origins.mixed_base).toBe("scaled");
  expect(pull(start, "decode_base")).toBeGreaterThan(5 * pull(start, "mixed_base"));
});

test("probes without a decode ladder tell nothing of decodes, however many there are", () => {
  const start = startOf(probes(lone), load);
  expect(measuredBy(start)).toEqual(["prefill_padded_token", "attention_pair"]);
  expect(start.origins.decode_base).toBe("guessed");
  // What a first token takes on an idle server is seen.
  expect(start.origins.accept).toBe("scaled");
  expect(pull(start, "decode_base")).toBe(blackBoxConstants.search.pulls.guessed);
});

test("a ladder of one context does not tell what attention costs", () => {
  const start = startOf(
    probes([1, 2, 4, 8, 12, 16, 32].map((batch) => [`decode-b${batch}-c16`, batch, 16, 24] as const)),
    load,
  );
  expect(measuredBy(start)).toEqual(["decode_base", "decode_padded_token"]);
});

test("a load by itself tells nothing in closed form", () => {
  const start = startOf(load);
  expect(new Set(Object.values(start.origins))).toEqual(new Set(["guessed"]));
});

test("where the host sets the pace, the ladder tells launches and not the GPU", () => {
  const [, hostBound] = startsOf([probes([...lone, ...ladder]), load], solver).starts;
  expect(measuredBy(hostBound!)).toEqual(["prefill_padded_token", "attention_pair", "launch_full", "launch_request"]);
  expect(hostBound!.origins.decode_base).toBe("scaled");
});

test("notes name every fitted cost once, by what its start is worth", () => {
  const notes = originNotes(startOf(probes(lone), load).origins, parameterNames);
  expect(notes).toHaveLength(3);
  expect(notes[0]).toBe("measured by probes in closed form, and kept near that: prefill padded token, attention pair");
  expect(notes[2]).toMatch(/^start guessed from the fastest answers, since no probe measured them: decode base, /);
  const named = notes.flatMap((note) => note.slice(note.indexOf(": ") + 2).split(", "));
  expect([...named].sort()).toEqual(parameterNames.map((name) => name.replaceAll("_", " ")).sort());
});

test("every cost starts above 0, also where lone prefills grow with the square of their length alone", () => {
  const squares = prefills.map((length) => [`prefill-p${length}-o1`, 2, length, 1] as const);
  const recorded = probes([...squares, ...ladder]);
  const requests = recorded.run.requests.map((request) => {
    if (!request.extra!.probe!.startsWith("prefill-")) return request;
    const firstTokenNs = request.arrivalNs + 5e6 + 100 * request.promptTokens ** 2;
    return { ...request, firstTokenNs, lastTokenNs: firstTokenNs };
  });
  const { starts } = startsOf([{ ...recorded, run: { ...recorded.run, requests } }, load], solver);
  for (const { parameters: found, origins } of starts) {
    expect(Object.values(found).every((value) => value > 0)).toBe(true);
    expect(origins.attention_pair).toBe("measured");
  }
});
