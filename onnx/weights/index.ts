/** weights.bin: which tensors it holds, where their numbers come from, and writing it. */
export { checkpointSource, noiseSource, type WeightSource } from "./weight-sources.js";
export {
  WeightTable,
  externalConstant,
  parameterCount,
  weightsFileBytes,
  weightsFileName,
  type WeightTensor,
} from "./weight-table.js";
export { writeWeightsFile, type BuildProgress } from "./weights-file.js";
