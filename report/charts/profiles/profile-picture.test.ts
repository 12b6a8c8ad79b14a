import { profilePicture, type MemoryScene, type ProfilePicture } from "./index.js";

const memory: MemoryScene = {
  unit: "bytes",
  lines: [
    {
      name: "prompt 8, output 4 tokens",
      points: [1, 2, 4].map((rows) => ({ sequences: rows, amount: rows * 2 ** 20 })),
    },
    { name: "prompt 64, output 4 tokens", points: [1, 2, 4].map((rows) => ({ sequences: rows, amount: rows * 9 * 2 ** 20 })) }, // prettier-ignore
  ],
  measured: [
    {
      sequences: 2,
      amount: 2.1 * 2 ** 20,
      modelled: 2 * 2 ** 20,
      line: "prompt 8, output 4 tokens",
      text: "two <rows>",
    },
    { sequences: 3, amount: 2.1 * 2 ** 20, modelled: 2 * 2 ** 20, text: "of many" },
  ],
  limit: 30 * 2 ** 20,
  words: ["Some rows fit."],
};
const picture: ProfilePicture = {
  title: "a & b",
  batches: [
    { batchSize: 1, promptTokens: 8, decodeSteps: 3, realNs: 1e7, modelNs: 1.2e7, heldOut: false },
    { batchSize: 4, promptTokens: 8, decodeSteps: 3, realNs: 2e7, modelNs: 2e7, heldOut: true },
  ],
  heldOut: [],
  memory,
  notes: ["A note."],
};

test("fit, errors, memory and its check are panels of one picture, with units, n and exact values", () => {
  const svg = profilePicture(picture);
  expect(svg).toContain("a &amp; b (ms, %, bytes), n = 2 shapes, 2 measured amounts of memory");
  for (const text of [
    "measured (ms)",
    "modelled (ms)",
    "error (%)",
    "peak memory (MiB)",
    "sequences",
    "all memory",
    "held out of the fit",
  ]) {
    // prettier-ignore
    expect(svg).toContain(`>${text}<`);
  }
  // Each measured amount by its sequences, and against the model.
  expect(svg.match(/<title>two &lt;rows&gt;<\/title>/g)).toHaveLength(2);
  expect(svg).toContain('data-series="prompt 8, output 4 tokens" data-x="2" data-y="2.1"');
  expect(svg).toContain("held out: 1 of 1 within 10 %.");
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
});

test("lines end at the limit; a limit far above them is left to the words", () => {
  // 30 MiB hold three and a third of the longer rows.
  expect(profilePicture(picture)).toContain(">all memory<");
  const far = profilePicture({ ...picture, memory: { ...memory, limit: 2 ** 40 } });
  expect(far).not.toContain(">all memory<");
  expect(far).toContain("Some rows fit.");
});

test("of a server: held-out runs by statistic; of a profile without measurements the model alone", () => {
  const heldOut = ["mean", "p99"].flatMap((statistic) =>
    ["ttft", "e2el"].map((metric) => ({ recording: "r<1>", statistic, metric, realNs: 1e8, simNs: 1.3e8 })),
  );
  const blocks: MemoryScene = { ...memory, unit: "KV blocks", measured: [] };
  const svg = profilePicture({ ...picture, batches: [], heldOut, memory: blocks });
  expect(svg).toContain("n = 4 statistics of held-out runs, 0 measured amounts of memory");
  expect(svg).toContain("p99 e2el of r&lt;1&gt;: +30.0 %");
  expect(svg).toContain(">Error by statistic<");
  const bare = profilePicture({ ...picture, batches: [], memory: blocks });
  expect(bare).toContain(">KV blocks by running sequences<");
  expect(bare).not.toContain("gainst measured");
  expect(bare).not.toMatch(/NaN|undefined|Infinity/);
});
