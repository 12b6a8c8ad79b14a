// The second half of `npm run build`, after tsc: the command line and the workers as bundles, so that a command reads some twenty
// files and not six hundred (docs/design.md, section 1). Not minified: a stack trace says what happened.
import { rmSync } from "node:fs";
import { rolldown } from "rolldown";

/** From node_modules, when a command needs them: native code, files found beside the code, code that evaluates its own text, megabytes. */
const external = ["@resvg/resvg-js", "gpt-tokenizer", "jsdom", "koffi", "mathjs", "onnxruntime-node", "protobufjs"];

const input = {
  "cli/main": "cli/main.ts",
  "cli/command-line": "cli/command-line.ts",
  "workers/replications": "jobs/replicate/worker.ts",
  "workers/answers": "jobs/answers/worker.ts",
  "workers/sweep-cells": "jobs/sweep/worker.ts",
  "workers/scenarios": "jobs/scenario/worker.ts",
  "workers/onnx-batches": "onnx/batches/worker.ts",
  "workers/onnx-steps": "onnx/step/worker.ts",
  "workers/try-batch": "onnx/batches/try-batch-main.ts",
  "workers/load-client": "real/vllm/client-worker.ts",
};

/** What every command begins with; what nearly every command goes on with, as one file instead of thirty. */
const groups = [
  { name: "start", priority: 2, test: /[\\/]formats[\\/](errors|plain-text|files[\\/]package-file)\.ts$/ },
  {
    name: "core",
    priority: 1,
    minShareCount: 4,
    test: /[\\/](formats|sim)[\\/][^?]*\.ts$|[\\/]node_modules[\\/]zod[\\/]/,
  },
];

for (const folder of ["cli", "workers", "chunks"]) rmSync(`dist/${folder}`, { recursive: true, force: true });
const bundle = await rolldown({
  input,
  platform: "node",
  external: external.map((name) => new RegExp(`^${name}($|/)`)),
});
await bundle.write({
  dir: "dist",
  format: "esm",
  sourcemap: true,
  entryFileNames: "[name].js",
  chunkFileNames: "chunks/[name]-[hash].js",
  codeSplitting: { groups },
});
await bundle.close();
