/** @jest-config-loader esbuild-register */
import { availableParallelism } from "node:os";
import type { Config } from "jest";

// Packages that jsdom pulls in as ESM only; the rest of node_modules loads as it is.
const esmOnly = "@asamuzakjp|@bramus|@csstools|@exodus/bytes|css-tree|entities|parse5|tough-cookie";

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
  testMatch: ["**/*.test.ts"],
  // Killed processes take minutes: npm run test:attacks.
  testPathIgnorePatterns: [
    "/node_modules/",
    ...(process.env.SERVESIM_ATTACKS === "all" ? [] : ["/kills\\.attacks\\."]),
  ],
  extensionsToTreatAsEsm: [".ts"],
  moduleNameMapper: { "^(\\.{1,2}/.*)\\.js$": "$1" },
  transform: { "^.+\\.(ts|js|mjs)$": ["@swc/jest", { jsc: { parser: { syntax: "typescript" }, target: "es2022" } }] },
  transformIgnorePatterns: [`/node_modules/(?!(${esmOnly})/)`],
  setupFilesAfterEnv: process.env.SERVESIM_RETRY === "1" ? ["<rootDir>/test/retry-once.mjs"] : [],
  globalSetup: "<rootDir>/test/build-once.mjs",
  reporters: ["default", "<rootDir>/test/count-reporter.mjs"],
  // Three for two cores: some tests wait for a server or a process most of the time.
  maxWorkers: Math.ceil(1.5 * availableParallelism()),
  // Node 20 never frees what a test file has loaded. After 200 files in one process, each further file takes twice its CPU time.
  workerIdleMemoryLimit: "400MB",
  coverageProvider: "v8",
  testTimeout: 120_000,
};

export default config;
