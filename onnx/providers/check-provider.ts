/**
 * Checks the CUDA provider before it is loaded: a library of another version may end the process, and ONNX Runtime's
 * own error does not say what is missing. Linux, where the provider is.
 */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { BackendError } from "../../formats/index.js";

/** BackendError where the library is of another version, damaged, or needs libraries that the loader does not find. */
export async function checkProvider(path: string, ortVersion: string): Promise<void> {
  const again = 'place it again with "servesim setup cuda --force"';
  // The library holds its version once, as text.
  if (!(await readFile(path)).includes(`${ortVersion}\0`, "latin1")) {
    throw new BackendError(
      `device "cuda" is not available: ${path} is damaged or not of ONNX Runtime ${ortVersion}, which is installed; ${again}`,
    );
  }
  const listed = await listLibraries(path);
  if (listed === undefined) {
    throw new BackendError(
      `device "cuda" is not available: ${path} is not a library that the loader accepts; ${again}`,
    );
  }
  const missing = missingLibraries(listed);
  if (missing.length > 0) {
    throw new BackendError(
      `device "cuda" is not available: the loader does not find ${missing.join(", ")}, which the CUDA provider of ONNX ` +
        `Runtime ${ortVersion} needs; ${remediesFor(missing).join("; ")}, or use device "cpu"`,
    );
  }
}

/** How to get the missing libraries: the driver's come only with a driver. */
export function remediesFor(missing: readonly string[]): string[] {
  const isDriver = (name: string): boolean => name.startsWith("libcuda.so");
  const isCudnn = (name: string): boolean => name.startsWith("libcudnn");
  const path = "put its folder on LD_LIBRARY_PATH";
  return [
    ...(missing.some(isDriver)
      ? ["install NVIDIA's driver, which brings libcuda.so.1 (a container has it only with --gpus)"]
      : []),
    ...(missing.some(isCudnn) ? [`install cuDNN 9 and ${path}`] : []),
    ...(missing.some((name) => !isDriver(name) && !isCudnn(name)) ? [`install CUDA 13 and ${path}`] : []),
  ];
}

/** Names that the loader did not find, of the text that ldd prints. */
export function missingLibraries(listed: string): string[] {
  return [...listed.matchAll(/^\s*(\S+) => not found/gm)].map(([, name]) => name!);
}

/** What ldd prints; undefined where it does not take the file for a library. */
function listLibraries(path: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    execFile("ldd", [path], (error, stdout) => {
      if (error === null) resolve(stdout);
      else if (error.code === "ENOENT") {
        reject(new BackendError('device "cuda" is not available: ldd is missing, install it (package libc-bin)'));
      } else resolve(undefined);
    });
  });
}
