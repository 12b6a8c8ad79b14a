/** ONNX Runtime by its C API, where its Node binding will not do: outputs that are written in place. */
export { ortLibrary } from "./ort-library.js";
export { OrtSession, OrtTensor } from "./ort-session.js";
