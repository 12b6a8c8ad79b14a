/**
 * Where ONNX Runtime's CUDA provider comes from: onnxruntime-node has none for current CUDA, and takes the libraries of
 * its own version when they lie beside its binding. The package is pinned by content, whatever registry it comes from.
 */

export interface ProviderPackage {
  readonly name: string;
  readonly version: string;
  /** The version of ONNX Runtime that its libraries belong to, and the CUDA that they need. */
  readonly ortVersion: string;
  readonly cuda: string;
  /** SHA-512 of the package file, base64, as npm writes it. */
  readonly sha512: string;
  /** Folder inside the package file. */
  readonly folder: string;
}

export const providerFiles = ["libonnxruntime_providers_cuda.so", "libonnxruntime_providers_shared.so"] as const;

export const providerPackage: ProviderPackage = {
  name: "com.github.asus4.onnxruntime.linux-x64-gpu",
  version: "0.4.9",
  ortVersion: "1.29.0",
  cuda: "13",
  sha512: "FopIhNE/Ng+v2X65wVc9clPCBCvhvA53Hxo2U0Kf5fGdVsC7iCA+mZ0KLWggcQAj7TIZ6pNidR4AC10g74Xo6w==",
  folder: "package/Plugins/Linux/x64",
};
