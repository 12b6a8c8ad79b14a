import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BackendError } from "../formats/index.js";
import { GpuMemoryWatch } from "./gpu-memory.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-gpu-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** An nvidia-smi that says these lines and then stays, as one that repeats itself does. */
function nvidiaSmi(script: string): string {
  const path = join(folder, "nvidia-smi");
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

async function afterSamples(watch: GpuMemoryWatch, count: number): Promise<void> {
  while (watch.samples < count) await new Promise(setImmediate);
}

test("the peak is the most of the samples since it was last taken, and the newest stays", async () => {
  const watch = await GpuMemoryWatch.start(nvidiaSmi("printf '100\\n900\\n300\\n'; exec tail -f /dev/null"));
  try {
    await afterSamples(watch, 3);
    expect(watch.takePeakBytes()).toBe(900 * 2 ** 20);
    expect(watch.takePeakBytes()).toBe(300 * 2 ** 20);
  } finally {
    watch.stop();
  }
});

test.each([
  ["exit 9", "ended with code 9"],
  ["echo '[N/A]'", 'said "[N/A]", expected MiB'],
])("an nvidia-smi that gives no memory (%s) is rejected", async (script, message) => {
  const started = GpuMemoryWatch.start(nvidiaSmi(script));
  await expect(started).rejects.toThrow(BackendError);
  await expect(started).rejects.toThrow(message);
});

test("an nvidia-smi that hangs is given up", async () => {
  const started = GpuMemoryWatch.start(nvidiaSmi("exec tail -f /dev/null"), 30);
  await expect(started).rejects.toThrow(/nvidia-smi said nothing within 0.03 s/);
});
