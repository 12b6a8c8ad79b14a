/** ONNX Runtime's CUDA provider: where it comes from, and putting it in its place. */
export { placeProvider, type PlaceOptions } from "./place-provider.js";
export { providerFiles, providerPackage } from "./provider-package.js";
