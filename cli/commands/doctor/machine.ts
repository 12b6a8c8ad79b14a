/** What doctor says about a GPU: the card, and a small model run on it beside the CPU. */
import { BackendError } from "../../../formats/index.js";
import { readGpu } from "../../../machine/index.js";
import { compareWithCpu, type DeviceComparison } from "../../../onnx/index.js";

export interface GpuFinding {
  readonly what: string;
  readonly state: "ok" | "missing" | "info";
  readonly detail: string;
}

/**
 * Reduced precision of the card's matrix units may flip a token that is nearly a tie, and all that follow in its row.
 */
const MIN_EQUAL = 0.75;

/** Runs the model only where the provider's libraries are there. */
export async function checkGpu(hasProvider: boolean): Promise<GpuFinding[]> {
  const card = await gpuCard();
  if (!hasProvider) return [card];
  return [card, await gpuRun(() => compareWithCpu("cuda"))];
}

async function gpuCard(): Promise<GpuFinding> {
  const what = "GPU";
  try {
    const { name, driver, totalBytes, usedBytes } = await readGpu();
    const mib = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
    return { what, state: "ok", detail: `${name}, driver ${driver}, ${mib(usedBytes)} of ${mib(totalBytes)} in use` };
  } catch {
    return { what, state: "info", detail: "none that nvidia-smi knows; everything runs on the CPU" };
  }
}

/** `compare` runs the model on the GPU and on the CPU. */
export async function gpuRun(compare: () => Promise<DeviceComparison>): Promise<GpuFinding> {
  const what = "CUDA run";
  try {
    const { tokens, equalTokens, rows, equalRows } = await compare();
    const detail = `a small model matched the CPU in ${equalTokens} of ${tokens} tokens and ${equalRows} of ${rows} rows`;
    if (equalTokens >= MIN_EQUAL * tokens) return { what, state: "ok", detail };
    return {
      what,
      state: "missing",
      detail: `${detail}: too few, do not trust its results; update driver and CUDA`,
    };
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    return { what, state: "missing", detail: error.message };
  }
}
