import { BackendError } from "../../formats/index.js";
import { listProviders, requireProvider } from "./providers.js";

test("the report names the version and a bundled CPU provider", async () => {
  const { ortVersion, backends } = await listProviders();
  expect(ortVersion).toMatch(/^\d+\.\d+\.\d+/);
  expect(backends).toContainEqual({ name: "cpu", bundled: true });
});

test("the CPU can always be used", async () => {
  expect((await requireProvider("cpu")).backends.length).toBeGreaterThan(0);
});

test("device cuda is rejected with what is missing, and nothing falls back", async () => {
  const { missingCudaFiles } = await listProviders();
  if (missingCudaFiles.length === 0) return;
  const rejection = requireProvider("cuda");
  await expect(rejection).rejects.toThrow(BackendError);
  await expect(rejection).rejects.toThrow(/device "cuda" is not available.*providers_cuda|no CUDA provider/);
});
