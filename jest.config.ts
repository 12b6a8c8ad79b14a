/** @jest-config-loader esbuild-register */
import { availableParallelism } from "node:os";
import type { Config } from "jest";

// Packages that jsdom pulls in as ESM only; the rest of node_modules loads as it is.
const esmOnly = "@asamuzakjp|@bramus|@csstools|@exodus/bytes|css-tree|entities|parse5|tough-cookie";

/** Tests of these folders only compute, in one process, and need no dist/. */
const computing = [
  "<rootDir>/sim",
  "<rootDir>/calibrate/fit",
  "<rootDir>/calibrate/vllm",
  "<rootDir>/report/charts",
  "<rootDir>/report/compare",
  "<rootDir>/report/perfetto",
  "<rootDir>/test/fast-forward",
  "<rootDir>/test/golden",
  "<rootDir>/test/sessions",
];
/** Every test is of one part, so that .ci/nodes can run the one beside the quick start and the other after it. */
const part = process.env.SERVESIM_TESTS;
if (part !== undefined && part !== "computing" && part !== "others") {
  throw new Error(`SERVESIM_TESTS: got "${part}", expected computing or others; leave it out to run all tests`);
}

const config: Config = {
  roots: [
    "<rootDir>/cli",
    "<rootDir>/formats",
    "<rootDir>/sim",
    "<rootDir>/machine",
    "<rootDir>/onnx",
    "<rootDir>/calibrate",
    "<rootDir>/real",
    "<rootDir>/report",
    "<rootDir>/page",
    "<rootDir>/jobs",
    "<rootDir>/lib",
    "<rootDir>/bench",
    "<rootDir>/test",
  ],
  testMatch: part === "computing" ? computing.map((folder) => `${folder}/**/*.test.ts`) : ["**/*.test.ts"],
  // Killed processes take minutes: npm run test:attacks.
  testPathIgnorePatterns: [
    "/node_modules/",
    ...(part === "others" ? computing.map((folder) => `${folder}/`) : []),
    ...(process.env.SERVESIM_ATTACKS === "all" ? [] : ["/kills\\.attacks\\."]),
  ],
  extensionsToTreatAsEsm: [".ts"],
  testEnvironment: "<rootDir>/test/vanilla-environment.mjs",
  moduleNameMapper: { "^(\\.{1,2}/.*)\\.js$": "$1" },
  transform: {
    "^.+\\.(ts|js|mjs)$": [
      "@swc/jest",
      { jsc: { parser: { syntax: "typescript" }, target: "es2022", transform: { useDefineForClassFields: false } } },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esmOnly})/)`],
  setupFilesAfterEnv: process.env.SERVESIM_RETRY === "1" ? ["<rootDir>/test/retry-once.mjs"] : [],
  ...(part === "computing" ? {} : { globalSetup: "<rootDir>/test/build-once.mjs" }),
  reporters: ["default", "<rootDir>/test/count-reporter.mjs"],
  // Three for two cores: some tests wait for a server or a process most of the time.
  maxWorkers: Math.ceil(1.5 * availableParallelism()),
  // Node 20 never frees what a test file has loaded. After 200 files in one process, each further file takes twice its CPU time.
  workerIdleMemoryLimit: "400MB",
  coverageProvider: "v8",
  testTimeout: 120_000,
};

export default config;
