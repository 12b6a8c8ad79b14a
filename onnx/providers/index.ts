/** What the installed ONNX Runtime can run on, and placing its CUDA provider. */
export { cudaRemedy } from "./cuda-failure.js";
export { placeProvider, type PlaceOptions } from "./place-provider.js";
export { providerFiles, providerPackage } from "./provider-package.js";
export { listProviders, requireProvider, type ProviderReport } from "./providers.js";
