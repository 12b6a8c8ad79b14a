// The second half of `npm run build`, after tsc: the command line and the workers as bundles, so that `simulate` reads some
// 35 bundles and not 570 files (docs/design.md, section 1). Not minified: a stack trace says what happened.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { build, transform } from "esbuild";
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
  "programs/replications": "jobs/replicate/worker.ts",
  "programs/replicas": "jobs/replicas/worker.ts",
  "programs/answers": "jobs/answers/worker.ts",
  "programs/sweep-cells": "jobs/sweep/worker.ts",
  "programs/scenarios": "jobs/scenario/worker.ts",
  "programs/onnx-batches": "onnx/batches/worker.ts",
  "programs/onnx-steps": "real/onnx/step-worker.ts",
  "programs/try-batch": "onnx/batches/try-batch-main.ts",
  "programs/load-client": "real/vllm/client/client-worker.ts",
};

/**
 * Of what yargs imports, what only --help and mistakes need, as functions that load it when they are called: string-width makes regular
 * expressions of properties of Unicode, which takes V8 fifteen milliseconds, and Node's assert takes two.
 */
const late = {
  name: "late",
  async resolveId(source, importer, options) {
    if (source === "assert" && /[\\/]yargs[\\/]/.test(importer)) return "\0late:assert";
    if (source !== "string-width" || importer?.startsWith("\0")) return null;
    const found = await this.resolve(source, importer, { ...options, skipSelf: true });
    return found === null ? null : `\0late:${found.id}`;
  },
  load(id) {
    const [, path] = /^\0late:(.*)$/.exec(id) ?? [];
    if (path === undefined) return null;
    if (path !== "assert") return `module.exports = (...given) => require(${JSON.stringify(path)}).default(...given);`;
    const failing = { notStrictEqual: "Object.is(a, b)", strictEqual: "!Object.is(a, b)" };
    return Object.entries(failing)
      .map(
        ([name, when]) =>
          `exports.${name} = (a, b, ...more) => { if (${when}) require("node:assert").${name}(a, b, ...more); };`,
      )
      .join("\n");
  },
};

const externalNames = external.map((name) => new RegExp(`^${name}($|/)`));
const checks = { emptyImportMeta: false };
const shared = { platform: "node", external: externalNames, checks, plugins: [late] };

/** The modules of which a program takes something at its start: not what it imports later, nor what others take from the same folders. */
async function modulesOf(entry) {
  const program = await rolldown({ ...shared, input: entry });
  const { output } = await program.generate({ format: "cjs" });
  await program.close();
  const modules = output.filter(({ type, isDynamicEntry }) => type === "chunk" && !isDynamicEntry);
  const taken = modules.flatMap((chunk) =>
    Object.entries(chunk.modules).filter(([, module]) => module.renderedLength > 0),
  );
  return new Set(taken.map(([id]) => id));
}

const ofSimulate = await modulesOf("cli/commands/simulate.ts");
const packages = /[\\/]node_modules[\\/](zod|@?fast|lodash|seedrandom)/;
// Experiment files bring a parser of YAML, a fifth of it all, which few commands need.
const common = /[\\/](formats|sim)[\\/](?!files[\\/]experiment-file)[^?]*\.ts$|[\\/]node_modules[\\/]zod[\\/]/;
/**
 * What every command begins with; what nearly every command goes on with, as one file instead of thirty; and what many
 * need beyond that, but not `simulate`, because schemas take time to make.
 */
const groups = [
  { name: "start", priority: 3, test: /[\\/]formats[\\/](errors|plain-text|files[\\/]package-file)\.ts$/ },
  {
    name: "core",
    priority: 2,
    minShareCount: 4,
    includeDependenciesRecursively: false,
    test: (id) => ofSimulate.has(id) && (common.test(id) || packages.test(id)),
  },
  { name: "more", priority: 1, minShareCount: 4, test: common },
];

for (const folder of ["cli", "programs", "workers", "chunks"])
  rmSync(`dist/${folder}`, { recursive: true, force: true });
const bundle = await rolldown({ ...shared, input, preserveEntrySignatures: "allow-extension" });
const { output } = await bundle.write({
  dir: "dist",
  format: "cjs",
  comments: { legal: true, annotation: false, jsdoc: false },
  // What is not bundled is required, too: an import() would need the loader of modules.
  dynamicImportInCjs: false,
  sourcemap: true,
  entryFileNames: "[name].cjs",
  chunkFileNames: "chunks/[name]-[hash].cjs",
  codeSplitting: { groups },
});
await bundle.close();

// Chunks that need each other would run before what they need: what the core takes of a package belongs into it (`packages`).
const wrong = output
  .find(({ name }) => name === "core")
  .imports.filter((file) => /^chunks.(?!start|rolldown)/.test(file));
if (wrong.length > 0) throw new Error(`the core must not import other chunks, but it does: ${wrong.join(", ")}`);

/** Text of one byte a character is read, and kept, at half the price. */
function inAscii(text) {
  return text.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

for (const folder of ["cli", "programs", "chunks"]) {
  for (const name of readdirSync(`dist/${folder}`).filter((file) => file.endsWith(".cjs"))) {
    const file = `dist/${folder}/${name}`;
    writeFileSync(file, inAscii(readFileSync(file, "utf8")));
  }
}

/**
 * What loads these bundles with their code cache: the command, what makes the cache, and the start of each worker. Of CommonJS, too:
 * the loader of modules would take ten milliseconds to load one.
 */
for (const name of ["main", "make-code-cache", "code-cache"]) {
  const program = await rolldown({ input: `cli/${name}.ts`, platform: "node" });
  await program.write({ file: `dist/cli/${name}.js`, format: "cjs", sourcemap: true });
  await program.close();
}
mkdirSync("dist/workers");
for (const program of Object.keys(input).filter((name) => name.startsWith("programs/"))) {
  const start = `const { BundleLoader } = require("../cli/code-cache.js");\nnew BundleLoader().load("${program}.cjs");\n`;
  writeFileSync(`dist/${program.replace("programs", "workers")}.cjs`, start);
}
writeFileSync("dist/cli/package.json", '{ "type": "commonjs" }\n');

/**
 * A page has no use for zod's JSON schemas, a fifth of zod, nor for its look-out for values that contain themselves, as JSON cannot, nor for
 * its formats of text (no text is of one there, so that a schema with one fails at once), nor for what writes code, which its policy
 * forbids, nor for seedrandom but the generator that the simulator draws from. It offers no autoscaler, and not orca, and has the engine's loop
 * alone, since its loads are small, and not the compiled engine, which is large.
 */
const leftOut = {
  name: "left-out-of-pages",
  resolveId: (id) => (id === "seedrandom" ? "\0seedrandom" : null),
  load(id) {
    if (id === "\0seedrandom") {
      return 'import alea from "seedrandom/lib/alea.js"; export default { alea };';
    }
    if (/sim[\\/]engine[\\/]fleet\.ts$/.test(id)) {
      return 'export class Fleet { constructor() { throw new Error("a page has no autoscaler"); } }';
    }
    if (/sim[\\/]policy[\\/]orca\.ts$/.test(id)) {
      return 'export const orcaSettings = {}; export function createOrca() { throw new Error("a page has no orca"); }';
    }
    if (/sim[\\/]engine[\\/]flat[\\/]index\.ts$/.test(id)) {
      return "export class FlatLoop {}\nexport const isWithinReach = () => false;";
    }
    if (/sim[\\/]cost[\\/]paced-costs\.ts$/.test(id)) return "export const pacedCosts = () => undefined;";
    if (/zod[\\/]v4[\\/]core[\\/]doc\.js$/.test(id)) return "export class Doc {}";
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
await bundlePage("what-if", "page/main.ts", withoutEval);
await build({ entryPoints: ["page/page.css"], bundle: true, minify: true, outfile: "dist/pages/what-if.css" });
// Without what its lines are indented by, to which browsers give no meaning.
writeFileSync("dist/pages/what-if.html", readFileSync("page/page.html", "utf8").replace(/\n +/g, "\n"));

execFileSync(process.execPath, ["dist/cli/make-code-cache.js"], { stdio: ["ignore", "ignore", "inherit"] });
