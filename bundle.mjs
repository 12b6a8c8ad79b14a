// The second half of `npm run build`, after tsc: the command line and the workers as bundles, so that a command reads some twenty
// files and not six hundred (docs/design.md, section 1). Not minified: a stack trace says what happened.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { transform } from "esbuild";
import { rolldown } from "rolldown";

/** From node_modules, when a command needs them: native code, files found beside the code, code that evaluates its own text, megabytes. */
const external = [
  "@resvg/resvg-js",
  "bullmq",
  "gpt-tokenizer",
  "ioredis",
  "jsdom",
  "koffi",
  "mathjs",
  "onnxruntime-node",
  "protobufjs",
];

const input = {
  "cli/program": "cli/program.ts",
  "cli/command-line": "cli/command-line.ts",
  "workers/replications": "jobs/replicate/worker.ts",
  "workers/replicas": "jobs/replicas/worker.ts",
  "workers/answers": "jobs/answers/worker.ts",
  "workers/sweep-cells": "jobs/sweep/worker.ts",
  "workers/scenarios": "jobs/scenario/worker.ts",
  "workers/onnx-batches": "onnx/batches/worker.ts",
  "workers/onnx-steps": "real/onnx/step-worker.ts",
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
    // Experiment files bring a parser of YAML, a fifth of it all, which few commands need.
    test: /[\\/](formats|sim)[\\/](?!files[\\/]experiment-file)[^?]*\.ts$|[\\/]node_modules[\\/]zod[\\/]/,
  },
];

/** yargs measures widths by a segmenter, which takes ICU ten milliseconds to make, in --help alone: made when it is asked for. */
const lateSegmenters = {
  name: "late-segmenters",
  transform(code, id) {
    if (!/[\\/]string-width[\\/]index\.js$/.test(id)) return null;
    const late = code.replace(
      /^const segmenter = new Intl\.Segmenter\(\);$/m,
      "let made; const segmenter = { segment: text => (made ??= new Intl.Segmenter()).segment(text) };",
    );
    return { code: late, map: null };
  },
};

for (const folder of ["cli", "workers", "chunks"]) rmSync(`dist/${folder}`, { recursive: true, force: true });
const externalNames = external.map((name) => new RegExp(`^${name}($|/)`));
const checks = { emptyImportMeta: false };
const bundle = await rolldown({ input, platform: "node", external: externalNames, checks, plugins: [lateSegmenters] });
await bundle.write({
  dir: "dist",
  format: "cjs",
  // What is not bundled is required, too: an import() would need the loader of modules.
  dynamicImportInCjs: false,
  sourcemap: true,
  entryFileNames: "[name].cjs",
  chunkFileNames: "chunks/[name]-[hash].cjs",
  codeSplitting: { groups },
});
await bundle.close();

/** Two programs that load these bundles with their code cache: the command, and the one that makes the cache. */
for (const name of ["main", "make-code-cache"]) {
  const program = await rolldown({
    input: `cli/${name}.ts`,
    platform: "node",
    external: [/program\.js$/, /command-line\.js$/],
  });
  await program.write({ file: `dist/cli/${name}.js`, format: "esm", sourcemap: true });
  await program.close();
}

/**
 * A page has no use for zod's JSON schemas, a fifth of zod, nor for its look-out for values that contain themselves, as JSON cannot, nor for
 * its formats of text (no text is of one there, so that a schema with one fails at once), nor for the generators of seedrandom but the one
 * that the simulator draws from. It offers no autoscaler.
 */
const leftOut = {
  name: "left-out-of-pages",
  resolveId: (id) => (id === "seedrandom" ? "\0seedrandom" : null),
  load(id) {
    if (id === "\0seedrandom") {
      return 'import seedrandom from "seedrandom/seedrandom.js"; import alea from "seedrandom/lib/alea.js"; export default Object.assign(seedrandom, { alea });';
    }
    if (/sim[\\/]engine[\\/]fleet\.ts$/.test(id)) {
      return 'export class Fleet { constructor() { throw new Error("a page has no autoscaler"); } }';
    }
    if (/zod[\\/]v4[\\/]core[\\/]regexes\.js$/.test(id)) {
      return readFileSync(id, "utf8").replace(/^(export const \w+ =) \/.{30,}\/\w*;/gm, "$1 /(?!)/;");
    }
    const [, module] = /zod[\\/]v4[\\/]core[\\/](json-schema-processors|to-json-schema|memoizer)\.js$/.exec(id) ?? [];
    if (module === undefined) return null;
    const names = readFileSync(id, "utf8").matchAll(/^export (?:const|function|class) ([\w$]+)/gm);
    // Without a memoizer zod does without; of the others it calls what they return.
    const returned = module === "memoizer" ? "undefined" : "() => {}";
    return Array.from(names, ([, name]) => `export const ${name} = () => ${returned};`).join("\n");
  },
};

/**
 * What pages do in a browser: programs of one file each, minified, since they are part of every page. Rolldown leaves out what is not
 * used, esbuild writes the rest shortest.
 */
async function bundlePage(name, entry, banner = "") {
  const treeshake = { propertyReadSideEffects: false, unknownGlobalSideEffects: false };
  const program = await rolldown({ input: entry, platform: "browser", treeshake, plugins: [leftOut] });
  const { output } = await program.generate({ format: "iife", minify: true });
  await program.close();
  const { code } = await transform(output[0].code, { minify: true, target: "es2022", banner, legalComments: "none" });
  writeFileSync(`dist/pages/${name}.js`, code);
}

rmSync("dist/pages", { recursive: true, force: true });
mkdirSync("dist/pages", { recursive: true });
await bundlePage("report", "report/html/client/main.ts");
// A page's policy forbids code made from text, and zod would try.
const withoutEval = "globalThis.__zod_globalConfig = { jitless: true };";
await bundlePage("what-if", "page/view/main.ts", withoutEval);
await bundlePage("what-if-worker", "page/worker/main.ts", withoutEval);
const style = await transform(readFileSync("page/page.css", "utf8"), { loader: "css", minify: true });
writeFileSync("dist/pages/what-if.css", style.code);
copyFileSync("page/page.html", "dist/pages/what-if.html");

execFileSync(process.execPath, ["dist/cli/make-code-cache.js"], { stdio: ["ignore", "ignore", "inherit"] });
