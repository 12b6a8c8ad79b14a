/**
 * What the installed onnxruntime-node can run on. The npm package holds no CUDA provider; it works when the two
 * provider libraries of the same version lie beside the binding. Nothing here ever falls back to another device.
 */
import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { BackendError } from "../../formats/index.js";
import { checkProvider } from "./check-provider.js";

/**
 * `backends` is ONNX Runtime's own list; `missingCudaFiles` names what device "cuda" lacks, empty where it can be
 * tried.
 */
export interface ProviderReport {
  readonly ortVersion: string;
  readonly backends: readonly { readonly name: string; readonly bundled: boolean }[];
  readonly bindingFolder: string;
  readonly missingCudaFiles: readonly string[];
}

const cudaFiles = ["libonnxruntime_providers_cuda.so", "libonnxruntime_providers_shared.so"];

/**
 * Loads onnxruntime-node and reports what it finds. Throws BackendError where the package does not load on this
 * machine.
 */
export async function listProviders(): Promise<ProviderReport> {
  try {
    const { env, listSupportedBackends } = await import("onnxruntime-node");
    const bindingFolder = findBindingFolder();
    return {
      ortVersion: env.versions.node ?? env.versions.common,
      backends: listSupportedBackends(),
      bindingFolder,
      missingCudaFiles: cudaFiles.filter((file) => !existsSync(join(bindingFolder, file))),
    };
  } catch (cause) {
    const where = `${process.platform}-${process.arch}`;
    throw new BackendError(`onnxruntime-node does not load on ${where}: ${String(cause)}, run npm ci again`, { cause });
  }
}

/** The report, or BackendError with what is missing for this device and how to get it. */
export async function requireProvider(device: "cpu" | "cuda"): Promise<ProviderReport> {
  const report = await listProviders();
  const { ortVersion, backends, bindingFolder, missingCudaFiles } = report;
  if (device === "cpu") return report;
  if (!backends.some(({ name }) => name === "cuda")) {
    throw new BackendError(
      `device "cuda" is not available: ONNX Runtime ${ortVersion} has no CUDA provider for ` +
        `${process.platform}-${process.arch} (it has ${backends.map(({ name }) => name).join(", ")}), use linux-x64 or device "cpu"`,
    );
  }
  if (missingCudaFiles.length > 0) {
    throw new BackendError(
      `device "cuda" is not available: ${missingCudaFiles.join(" and ")} missing in "${bindingFolder}", expected those of ` +
        `ONNX Runtime ${ortVersion}; "servesim setup cuda" places those for CUDA 13, or use device "cpu"`,
    );
  }
  await checkProvider(join(bindingFolder, cudaFiles[0]!), ortVersion);
  return report;
}

/** `bin/napi-v<N>/<platform>/<arch>` of the installed package. */
function findBindingFolder(): string {
  const packageFolder = dirname(createRequire(import.meta.url).resolve("onnxruntime-node/package.json"));
  const api = readdirSync(join(packageFolder, "bin")).find((name) => name.startsWith("napi-v")) ?? "";
  return join(packageFolder, "bin", api, process.platform, process.arch);
}
