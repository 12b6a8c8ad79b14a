// Typed rules, and the walls between folders (docs/design.md, section 1).
import tseslint from "typescript-eslint";
import { importX, createNodeResolver } from "eslint-plugin-import-x";
import { createTypeScriptImportResolver } from "eslint-import-resolver-typescript";

const parts = ["formats", "sim", "machine", "onnx", "calibrate", "real", "report", "page", "jobs", "cli", "lib"];
const below = ["formats", "sim", "machine", "onnx"];
const mayImport = {
  formats: [],
  sim: ["formats"],
  machine: ["formats"],
  onnx: ["formats"],
  calibrate: [...below, "real"],
  real: below,
  report: ["formats", "sim"],
  page: ["formats", "sim"],
  jobs: [...below, "calibrate", "real", "report", "page"],
  cli: [...below, "calibrate", "real", "report", "jobs"],
  lib: ["formats", "sim", "jobs"],
};
const walls = parts.flatMap((part) =>
  parts
    .filter((other) => other !== part && !mayImport[part].includes(other))
    .map((other) => ({ target: `./${part}`, from: `./${other}`, message: `${part}/ may not import ${other}/` })),
);
const insideSim = [
  { target: "./sim/kernel", from: "./sim", except: ["./kernel"], message: "the kernel knows nothing of serving" },
  { target: "./sim", from: "./formats/files", message: "sim/ is pure: it takes schemas and types, never file access" },
];
const insidePage = ["view", "worker"].map((part) => ({
  target: "./jobs",
  from: `./page/${part}`,
  message: "only page/model/ runs outside a browser",
}));
const wallClock = [
  { selector: "MemberExpression[object.name='Math'][property.name='random']", message: "use a stream of sim/kernel" },
  { selector: "MemberExpression[object.name='Date'][property.name='now']", message: "use real/clock.ts" },
  { selector: "MemberExpression[object.name='performance'][property.name='now']", message: "use real/clock.ts" },
];

const spreads = [
  {
    selector:
      "CallExpression[callee.property.name=/^(max|min|hypot|push|unshift|splice|concat|assign|fromCharCode)$/] > SpreadElement",
    message: "some hundred thousand arguments overflow the stack: use greatest, least or norm of formats/, or a loop",
  },
];

export default tseslint.config(
  // AssemblyScript is no TypeScript.
  { ignores: ["dist/", "node_modules/", "results/", "coverage/", "**/*.as.ts"] },
  {
    files: ["**/*.ts"],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    plugins: { "import-x": importX },
    languageOptions: { parserOptions: { projectService: true } },
    settings: { "import-x/resolver-next": [createTypeScriptImportResolver(), createNodeResolver()] },
    rules: {
      "import-x/no-cycle": "error",
      "import-x/no-default-export": "error",
      "import-x/no-restricted-paths": ["error", { zones: [...walls, ...insideSim, ...insidePage] }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
  {
    files: parts.map((part) => `${part}/**/*.ts`),
    ignores: ["**/*.test.ts", "**/*.conformance.ts", "**/*.fixture.ts"],
    rules: {
      "no-restricted-syntax": ["error", ...spreads],
      // Long functions are split by idea: named steps, state in small objects.
      "max-lines-per-function": ["error", { max: 50, skipBlankLines: true, skipComments: true }],
      // A folder is entered by its index.
      "import-x/no-internal-modules": [
        "error",
        { allow: ["node:*/*", "protobufjs/*", "gpt-tokenizer/**", "**/index.js", "**/kernel/numbers.js"] },
      ],
    },
  },
  {
    files: ["sim/**/*.ts"],
    ignores: ["**/*.test.ts"],
    rules: {
      "no-restricted-syntax": ["error", ...wallClock, ...spreads],
      "no-restricted-imports": ["error", { patterns: [{ group: ["node:*", "fs", "path"], message: "sim/ is pure" }] }],
      // Over typed arrays V8 goes through an index several times as fast as through an iterator.
      "@typescript-eslint/prefer-for-of": "off",
    },
  },
  {
    // Compiles to WebAssembly, too: AssemblyScript takes a bare 0 for an integer, and has no optional chains.
    files: ["sim/policy/vllm/scheduler/*.ts"],
    rules: {
      "@typescript-eslint/no-inferrable-types": "off",
      "@typescript-eslint/no-unnecessary-condition": "off",
      "@typescript-eslint/no-unnecessary-type-assertion": "off",
      "@typescript-eslint/prefer-optional-chain": "off",
      "@typescript-eslint/no-unused-vars": ["error", { args: "none" }],
    },
  },
  { files: ["**/*.test.ts", "jest.config.ts"], rules: { "import-x/no-default-export": "off" } },
);
