/** Where the figures of a report come from and how to make them again: commands, each run with its sums, files, versions. */
import type { ReportSection } from "../../../report/html/index.js";
import type { CellResult, ExperimentResults } from "../results.js";

export function rerunSection({ cells, experiment, manifest }: ExperimentResults): ReportSection {
  const compared = cells.find(({ real }) => real.length > 0);
  const suffixes = compared?.real.map((_, index) => (index === 0 ? "real" : `real-r${index + 1}`)) ?? [];
  const compare =
    compared === undefined
      ? []
      : [
          `servesim compare ${[compared.predictions === undefined ? "sim" : "sim-at-pace", ...suffixes].map((name) => `cells/${compared.name}/${name}`).join(" ")}`,
        ];
  return {
    heading: "How to run it again",
    paragraphs: [
      `Made by servesim ${manifest.servesim}, seed ${experiment.seed}. In the folder of this page, the first command measures and simulates ` +
        "everything anew into a folder of its own, the second remakes this page from the runs that are there" +
        `${compared === undefined ? "" : ", the third compares the runs of one cell"}. The same seed gives the same simulations, byte for byte; real runs differ.`,
    ],
    commands: ["servesim run experiment.yaml --results again", "servesim report .", ...compare],
  };
}

/** Every run with when it was made and what it was made from. */
export function runsSection(cells: readonly CellResult[]): ReportSection {
  return {
    heading: "Runs",
    table: {
      caption:
        "Each run, and the SHA-256 of what it was made from (policy, settings, load, requests, profile or model, seed)",
      columns: ["cell", "run", "made", "engine", "inputs"],
      rows: cells.flatMap(({ name, sim, predictions = [], real }) =>
        [
          ["simulated", sim] as const,
          ...predictions.map((run, index) => [`simulated at the pace before real ${index + 1}`, run] as const),
          ...real.map((run, index) => [`real ${index + 1}`, run] as const),
        ].map(([what, { info }]) => [
          name,
          what,
          info.date ?? "–",
          [info.engine.name, info.engine.version].filter(Boolean).join(" "),
          info.inputs_sha256 ?? "–",
        ]),
      ),
    },
  };
}

export function filesSection(): ReportSection {
  return {
    heading: "Files",
    facts: [
      ["experiment.yaml", "the experiment, every default filled"],
      ["profile.json", "what a batch and a step cost on this machine; raw measurements beside it"],
      [
        "cells/",
        "each cell's requests.csv, batches.csv or steps.csv.gz, and run.json: simulated, at the pace before each real run, and real",
      ],
      ["comparison.json", "every statistic of this page, with intervals"],
      ["llm_inference_benchmark.csv", "all requests in the original suite's columns"],
      ["plots/", "the charts as SVG"],
    ],
  };
}
