/** validate as users meet it, with a model small enough to take seconds. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { servesimIn } from "../../test/support/servesim-process.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-validate-cli-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const validation = `version: 1
name: small
models: [tiny, llama-tiny]
calibrate: { device: cpu, batch_sizes: [1, 2, 4], prompt_tokens: [1, 16], decode_steps: [2, 8], repeats: 2 }
num_runs: 2
jitter: true
policies: [{ policy: naive, batch_size: 2, timeout_s: 0.01 }]
loads:
  - { label: closed, num_prompts: 36, max_concurrency: 2, output_len: 4 }
  - { label: load50, num_prompts: 36, utilisation: 0.5, output_len: 4 }
`;
const page = "# A page\n\n<!-- onnx-cpu:begin -->\n<!-- onnx-cpu:end -->\n\nThe end.\n";

test("a validation is run once, judged by statistic, and its section put into a page; again, it is kept", async () => {
  writeFileSync(join(folder, "small.yaml"), validation);
  writeFileSync(join(folder, "page.md"), page);
  const words = ["validate", "small.yaml", "--page", "page.md"];
  const first = await servesimIn(folder, words);
  expect(first.code).toBe(0);
  expect(first.stdout).toMatch(
    /agrees \d+, differs \d+, cannot tell \d+ of \d+ statistics, simulated at the pace before each real run/,
  );
  const written = readFileSync(join(folder, "page.md"), "utf8");
  expect(written).toMatch(/Made by `servesim validate small\.yaml` on .* of 8 real runs were disturbed/);
  expect(written).toMatch(/\*\*agrees \d+, differs \d+, cannot tell \d+ of \d+\*\*/);
  expect(written).toMatch(/^\| beside each real run \(an explanation\) \| \d+ \| \d+ \| \d+ \|$/m);
  expect(written).toMatch(/^\| llama-tiny \| naive--load50 \| mean e2el \|/m);
  expect(written).toMatch(/\n\nThe end\.\n$/);

  const second = await servesimIn(folder, words);
  expect(second.stderr).toContain("ran 0 of 4 real runs, 4 existed already");
  expect(readFileSync(join(folder, "page.md"), "utf8")).toBe(written);
});

test("a page without the marks is rejected before anything is measured", async () => {
  writeFileSync(join(folder, "small.yaml"), validation.replace("name: small", "name: refused"));
  writeFileSync(join(folder, "bare.md"), "# Nothing\n");
  const { code, stderr } = await servesimIn(folder, ["validate", "small.yaml", "--page", "bare.md"]);
  expect(stderr).toMatch(/^error: bare\.md: expected "<!-- onnx-cpu:begin -->"/);
  expect(code).toBe(2);
  expect(existsSync(join(folder, "results", "refused"))).toBe(false);
});
