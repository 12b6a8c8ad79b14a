import { spawn } from "node:child_process";
import { startFakeVllm } from "../test/support/fake-vllm.js";

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly said: string;
}

/** The command line as it ships; not waited for by blocking, since the server it asks is in this process. */
async function doctor(...flags: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, ["dist/cli/main.js", "doctor", ...flags]);
  let [out, said] = ["", ""];
  child.stdout.on("data", (bytes: Buffer) => (out += bytes.toString()));
  child.stderr.on("data", (bytes: Buffer) => (said += bytes.toString()));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, out, said };
}

test("a server that answers: a line for each finding, exit 0", async () => {
  const fake = await startFakeVllm({ model: "small" });
  const { code, out } = await doctor("--base-url", `${fake.baseUrl}/v1`);
  await fake.close();
  expect(code).toBe(0);
  expect(out).toContain("small, up to 4096 tokens");
  expect(out).toMatch(/dev mode.*missing/);
});

test("nobody there: the finding as JSON and in words, exit 3", async () => {
  const fake = await startFakeVllm();
  const { baseUrl } = fake;
  await fake.close();
  const { code, out, said } = await doctor("--base-url", baseUrl, "--json");
  expect(code).toBe(3);
  expect(JSON.parse(out)).toMatchObject({ findings: [{ what: "server", state: "missing" }] });
  expect(said).toContain(`error: no server answers at ${baseUrl}`);
});

test("a server that cannot be measured: what is missing, exit 3", async () => {
  const fake = await startFakeVllm({ script: () => ({ misbehaves: { kind: "no_usage" } }) });
  const { code, said } = await doctor("--base-url", fake.baseUrl);
  await fake.close();
  expect(code).toBe(3);
  expect(said).toContain("cannot be measured: streaming, tokens counted missing");
});

test("a model that is not served, and a model without a server: exit 2", async () => {
  const fake = await startFakeVllm({ model: "small" });
  const other = await doctor("--base-url", fake.baseUrl, "--model", "large");
  await fake.close();
  expect([other.code, other.said]).toEqual([2, expect.stringContaining('does not serve a model "large"')]);
  expect(await doctor("--model", "large")).toMatchObject({ code: 2 });
});
