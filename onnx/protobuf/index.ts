/** The ONNX file format: writing a graph, reading what a file says of itself, 16-bit floats. */
export { GraphWriter } from "./graph-writer.js";
export { fromBfloat16, fromHalf, toHalf } from "./half.js";
export { inspectOnnxFile, type OnnxFileInfo } from "./inspect-onnx.js";
export {
  DataType,
  attribute,
  encodeModel,
  tensorInfo,
  type Graph,
  type TensorConstant,
  type ValueInfo,
} from "./onnx-proto.js";
