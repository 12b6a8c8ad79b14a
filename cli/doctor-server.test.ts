import { tmpdir } from "node:os";
import { startFakeVllm } from "../test/support/fake-vllm.js";
import { servesimIn, type Ended } from "../test/support/servesim-process.js";

const doctor = (...flags: readonly string[]): Promise<Ended> => servesimIn(tmpdir(), ["doctor", ...flags]);

test("a server that answers: a line for each finding, exit 0", async () => {
  const fake = await startFakeVllm({ model: "small" });
  const { code, stdout } = await doctor("--base-url", `${fake.baseUrl}/v1`);
  await fake.close();
  expect(code).toBe(0);
  expect(stdout).toContain("small, up to 4096 tokens");
  expect(stdout).toMatch(/dev mode.*missing/);
});

test("nobody there: the finding as JSON and in words, exit 3", async () => {
  const fake = await startFakeVllm();
  const { baseUrl } = fake;
  await fake.close();
  const { code, stdout, stderr } = await doctor("--base-url", baseUrl, "--json");
  expect(code).toBe(3);
  expect(JSON.parse(stdout)).toMatchObject({ findings: [{ what: "server", state: "missing" }] });
  expect(stderr).toContain(`error: no server answers at ${baseUrl}`);
});

test("a server that cannot be measured: what is missing, exit 3", async () => {
  const fake = await startFakeVllm({ script: () => ({ misbehaves: { kind: "no_usage" } }) });
  const { code, stderr } = await doctor("--base-url", fake.baseUrl);
  await fake.close();
  expect(code).toBe(3);
  expect(stderr).toContain("cannot be measured: streaming, tokens counted missing");
});

test("a model that is not served, and a model without a server: exit 2", async () => {
  const fake = await startFakeVllm({ model: "small" });
  const other = await doctor("--base-url", fake.baseUrl, "--model", "large");
  await fake.close();
  expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('does not serve a model "large"')]);
  expect(await doctor("--model", "large")).toMatchObject({ code: 2 });
});
