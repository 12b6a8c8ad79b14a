/** State and address, controls and commands of the page. */
import { readFileSync } from "node:fs";
import { checkProfile } from "../../formats/index.js";
import {
  commandText,
  commandWords,
  hashOf,
  knobsOf,
  positionOf,
  presetsOf,
  shownBy,
  SLIDER_STEPS,
  startState,
  valueAt,
  withValue,
  type PageData,
} from "./index.js";

const page = {
  reference: "it's mine.json",
  profile: checkProfile(JSON.parse(readFileSync("profiles/mini-cpu-2core.json", "utf8")), "mini-cpu-2core"),
  defaults: {
    ...{ requestRate: 20, requests: 500, inputTokens: 16, outputTokens: 20, running: 6 },
    server: {
      ...{ max_num_seqs: 128, max_num_batched_tokens: 2048, num_gpu_blocks: 4000, block_size: 16 },
      ...{ enable_prefix_caching: true, enable_chunked_prefill: true },
    },
  },
};
const data: PageData = { version: "1.2.3", profiles: [page, { ...page, reference: "other" }] };
const knob = (id: string) => knobsOf(page).find((each) => each.id === id)!;

test("an address holds a state and its baseline, and gives them back", () => {
  const state = withValue(
    withValue(startState(1), knob("request_rate"), 33.5),
    knob("vllm.enable_prefix_caching"),
    false,
  );
  const baseline = withValue(startState(1), knob("lengths"), "long");
  expect(shownBy(data, `#${hashOf(data, { state, baseline })}`)).toEqual({ state, baseline });
  expect(hashOf(data, { state: startState(0) })).toBe("");
  expect(shownBy(data, "")).toEqual({ state: startState(0), baseline: undefined });
});

test("what an address says that no control takes is left out", () => {
  const hash =
    "#request_rate=-3&num_prompts=12.5&lengths=odd&vllm.max_num_seqs=&vllm.enable_prefix_caching=yes&__proto__=1&seed=7";
  expect(shownBy(data, hash).state).toEqual({ profile: 0, changed: { seed: 7 } });
  expect(shownBy(data, "#profile=none&seed=7").state).toEqual(startState(0));
});

test("a value that is where its control begins is not kept", () => {
  const seeds = knob("seed");
  expect(withValue(withValue(startState(0), seeds, 5), seeds, 1)).toEqual(startState(0));
});

test("a slider goes from the least to the most value, and stands where a value put it", () => {
  for (const each of knobsOf(page)) {
    if (each.kind !== "number") continue;
    expect([valueAt(each, 0), valueAt(each, SLIDER_STEPS)]).toEqual([each.least, each.most]);
    const value = valueAt(each, 120);
    expect(valueAt(each, positionOf(each, value))).toBe(value);
  }
});

test("a command names what was changed of its own policy only, quoted for a shell", () => {
  const state = withValue(
    withValue(startState(0), knob("naive.timeout_s"), 0.25),
    knob("vllm.enable_chunked_prefill"),
    false,
  );
  expect(commandText(page, state, "naive")).toMatch(
    /--profile 'it'\\''s mine.json' .* --seed 1 --timeout 0.25 --replications 1$/,
  );
  expect(commandWords(page, state, "vllm")).toEqual(expect.arrayContaining(["--no-enable-chunked-prefill"]));
  expect(commandWords(page, state, "vllm")).not.toContain("--timeout");
});

test("every value of a lesson is one that its control takes", () => {
  for (const { id, before, after } of presetsOf(page)) {
    for (const given of [before, after]) {
      let state = startState(0);
      for (const [name, value] of Object.entries(given)) state = withValue(state, knob(name), value);
      expect([id, shownBy(data, hashOf(data, { state })).state]).toEqual([id, state]);
    }
  }
});
