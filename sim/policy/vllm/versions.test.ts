import { assumedOf, DEFAULT_VERSION, defaultsOf, laterSettings, rulesOf } from "./versions.js";

const rulesIn = (version: string): string[] =>
  Object.entries(rulesOf(version))
    .filter(([, holds]) => holds)
    .map(([rule]) => rule);

const ALL = [
  "freesUnkeyedFirst",
  "endsBelowMinTokens",
  "sparesLoneRequest",

  "capturesMaxNumSeqs",
  "promptRestIsDecode",
];

describe("the rules of a version of vLLM", () => {
  it.each([
    ["0.19.0", ["promptRestIsDecode"]],
    ["0.22.1", ["promptRestIsDecode"]],
    ["0.23.0", []],
    ["0.24.0", ["freesUnkeyedFirst"]],
    ["0.28.1", ["freesUnkeyedFirst"]],
    ["0.29.0", ["freesUnkeyedFirst", "endsBelowMinTokens"]],
    ["0.30.0", ["freesUnkeyedFirst", "endsBelowMinTokens"]],
    ["0.31.0", ALL],
    ["0.32", ALL],
    [DEFAULT_VERSION, ALL],
  ])("of %s are %j, and nothing is assumed", (version, rules) => {
    expect(rulesIn(version)).toEqual(rules);
    expect(assumedOf(version)).toBeUndefined();
  });

  it.each([
    ["0.18.1", "0.19.0", "vLLM 0.18.1 is older than 0.19, whose rules are assumed"],
    ["0.33.1", "0.32.0", "vLLM 0.33.1 is newer than 0.32, whose rules are assumed"],
    ["1.0.0", "0.32.0", "vLLM 1.0.0 is newer than 0.32, whose rules are assumed"],
    ["unknown", "0.32.0", 'vLLM version "unknown" is not a release: the rules of 0.32 are assumed'],
    ["", "0.32.0", 'vLLM version "" is not a release: the rules of 0.32 are assumed'],
    ["0.26.0+cpu", "0.26.0", "vLLM 0.26.0+cpu is taken for release 0.26"],
    [
      "0.28.1.dev12+g91a893de6",
      "0.28.0",
      "vLLM 0.28.1.dev12+g91a893de6 is not a release: the rules of 0.28 are assumed, some may be those of a neighbouring release",
    ],
    [
      "v0.31.0rc2",
      "0.31.0",
      "vLLM v0.31.0rc2 is not a release: the rules of 0.31 are assumed, some may be those of a neighbouring release",
    ],
  ])("of %j are taken for those of %s, and that is said", (version, like, said) => {
    expect(rulesOf(version)).toEqual(rulesOf(like));
    expect(assumedOf(version)).toBe(said);
  });

  it("know a release with a v before it, without a patch number and rebuilt", () => {
    for (const version of ["v0.30.0", "0.30", "0.30.0.post1"]) {
      expect(rulesOf(version)).toEqual(rulesOf("0.30.0"));
      expect(assumedOf(version)).toBeUndefined();
    }
  });
});

test("settings that came after a version are known with the release that they came with", () => {
  expect([...laterSettings("0.30.0")]).toEqual([
    ["max_num_active_seqs", "0.31.0"],
    ["long_prefill_token_threshold_adaptive", "0.31.0"],
  ]);
  expect([...laterSettings("0.26.0").keys()]).toContain("max_num_queued_reqs");
  expect([...laterSettings("0.23.0")].slice(0, 2)).toEqual([
    ["watermark", "0.24.0"],
    ["max_num_scheduled_tokens", "0.26.0"],
  ]);
  expect(laterSettings("0.32.0").size).toBe(0);
});

test("defaults of a version are told where they are not the newest's", () => {
  expect(defaultsOf("0.19.1")).toEqual({ gpu_memory_utilization: 0.9 });
  expect([defaultsOf("0.20.0"), defaultsOf(DEFAULT_VERSION)]).toEqual([{}, {}]);
});
